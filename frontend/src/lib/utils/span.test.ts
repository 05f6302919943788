import { describe, expect, it } from 'vitest';
import { span } from './span';

const now = new Date(2026, 10, 24, 15, 30);
const at = (...parts: [number, number, number]) => new Date(...parts).toISOString();

describe('span', () => {
  it.each([
    ['', undefined, undefined], ['today', at(2026, 10, 24), undefined], ['yesterday', at(2026, 10, 23), at(2026, 10, 24)],
    ['7', at(2026, 10, 18), undefined], ['30', at(2026, 9, 26), undefined],
  ] as const)('%s begins at midnight', (when, since, before) => {
    expect(span(when, '', '', now)).toEqual({ ...(since ? { since } : {}), ...(before ? { before } : {}) });
  });
  it('a range has its last day in it, and may be open at either end', () => {
    expect(span('range', '2026-10-31', '2026-11-01')).toEqual({ since: at(2026, 9, 31), before: at(2026, 10, 2) });
    expect(span('range', '', '2026-11-01')).toEqual({ before: at(2026, 10, 2) });
    expect(span('range')).toEqual({});
  });
});
