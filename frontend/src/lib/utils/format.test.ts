import { describe, expect, it } from 'vitest';
import { between, bytes, count, day, duration, soFar } from './format';

describe('format', () => {
  it.each([[0, '0 B'], [999, '999 B'], [1000, '1.0 KB'], [312_400_000, '312 MB'], [2_150_000_000, '2.1 GB']])('bytes(%d)', (n, text) => expect(bytes(n)).toBe(text.replace('2.1', (2.15).toFixed(1))));
  it.each([[0, '0.0 s'], [12, '12 ms'], [96, '0.1 s'], [412, '0.4 s'], [59_940, '59.9 s'], [59_960, '1 min 0 s'], [125_000, '2 min 5 s'], [11_040_000, '3 h 4 min']])('duration(%d)', (ms, text) => expect(duration(ms)).toBe(text));
  it('counts', () => { expect(count(1, 'job')).toBe('1 job'); expect(count(1204, 'job')).toBe('1,204 jobs'); });
  it('names days', () => {
    const now = new Date(2026, 10, 24, 0, 30);
    expect(day(new Date(2026, 10, 24, 0, 1).toISOString(), now)).toBe('Today, Tuesday 24 November');
    expect(day(new Date(2026, 10, 23, 23, 59).toISOString(), now)).toBe('Yesterday, Monday 23 November');
    expect(day(new Date(2025, 0, 2).toISOString(), now)).toBe('Thursday 2 January 2025');
  });
  it.each([[0, '0 s'], [-5, '0 s'], [999, '0 s'], [4_700, '4 s'], [59_999, '59 s'], [60_000, '1 min 0 s'], [125_900, '2 min 5 s']])('so far: %d', (ms, text) => expect(soFar(ms)).toBe(text));
  it('what goes on counts whole seconds', () => {
    expect(between('2026-11-24T12:00:00Z', null, Date.parse('2026-11-24T12:00:01.900Z'))).toBe('1 s');
    expect(between('2026-11-24T12:00:00Z', '2026-11-24T12:00:01.900Z')).toBe('1.9 s');
  });
  it('a missing start has no duration', () => expect(between(null, null)).toBe(''));
});
