import base from './playwright.config';

export default { ...base, testIgnore: undefined, testMatch: 'screenshots.spec.ts' };
