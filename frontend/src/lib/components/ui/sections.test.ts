import { describe, expect, it } from 'vitest';
import { sectionsOf } from './sections';

const [HEAD, ROW] = [28, 46];
const { place, inSight, scrollFor, seen } = sectionsOf(HEAD, ROW);

describe('sections', () => {
  const sections = place([{ key: 'a', n: 1000 }, { key: 'b', n: 5 }, { key: 'c', n: 1 }], (g) => g.n, new Set(['b']));
  const [a, b, c] = sections;
  it('stand under each other, a closed one as its head', () => {
    expect(a?.height).toBe(HEAD + 1000 * ROW);
    expect(b).toMatchObject({ top: a?.height, height: HEAD, open: false });
    expect(c?.top).toBe((a?.height ?? 0) + HEAD);
  });
  it('draw a window of rows, however many there are', () => {
    if (!a || !b || !c) throw new Error('no section');
    const [from, to] = seen(a, 20_000, 400);
    expect(to - from).toBeLessThan(30);
    expect(from * ROW).toBeLessThan(20_000);
    expect(to * ROW).toBeGreaterThan(20_400 - HEAD);
    expect(seen(a, 0, 400)[0]).toBe(0);
    expect(seen(b, 20_000, 400)).toEqual([0, 0]);
    expect(seen(c, c.top, 400)).toEqual([0, 1]);
    const [gone, none] = seen(c, 0, 400);
    expect(none).toBeLessThanOrEqual(gone);
  });
  it('are drawn when they are in sight', () => {
    expect(inSight(sections, 0, 400).map((s) => s.key)).toEqual(['a']);
    expect(inSight(sections, (b?.top ?? 0) - 100, 400).map((s) => s.key)).toEqual(['a', 'b', 'c']);
  });
  it('scroll as little as shows a row below the head that sticks', () => {
    if (!a) throw new Error('no section');
    expect(scrollFor(a, 3, 0, 400)).toBe(0);
    expect(scrollFor(a, 500, 0, 400)).toBe(HEAD + 501 * ROW - 400);
    expect(scrollFor(a, 0, 5000, 400)).toBe(0);
    const up = scrollFor(a, 10, 5000, 400);
    expect(up).toBe(10 * ROW);
  });
});
