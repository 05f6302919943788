import { resolve } from 'node:path';
import base from './playwright.config';

// The newcomer's path is filmed for the guide, in the same run.
process.env.VMO_GUIDE ??= resolve(import.meta.dirname, '../docs/guide');

export default { ...base, testIgnore: undefined, testMatch: ['screenshots.spec.ts', 'newcomer.spec.ts'] };
