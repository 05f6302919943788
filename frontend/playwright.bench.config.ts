import base from './playwright.config';

// Figures of the window on a large history: `make bench-data`, then `make bench-actions`.
export default { ...base, testIgnore: undefined, testMatch: 'actions.bench.ts', timeout: 300_000, workers: 1 };
