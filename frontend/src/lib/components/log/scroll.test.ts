import { describe, expect, it } from 'vitest';
import { atEnd, atShare, clamp, isAtEnd, move, thumb, type Geometry } from './scroll';

const g = (last: number, height = 400, rowHeight: (n: number) => number = (n) => (n > last ? 0 : 20)): Geometry => ({ last, height, rowHeight });

describe('a log is scrolled by lines', () => {
  it('shows all of it where it fits', () => {
    expect(atEnd(g(0))).toEqual({ line: 1, offset: 0 });
    expect(atEnd(g(5))).toEqual({ line: 1, offset: 0 });
    expect(atEnd(g(20))).toEqual({ line: 1, offset: 0 });
  });

  it('puts the end at the lower edge', () => {
    expect(atEnd(g(21))).toEqual({ line: 2, offset: 0 });
    expect(atEnd(g(50_000_000))).toEqual({ line: 49_999_981, offset: 0 });
    expect(atEnd(g(100, 410))).toEqual({ line: 80, offset: 10 });
    // An open line or a notice stands after the last line.
    expect(atEnd(g(100, 400, () => 20))).toEqual({ line: 82, offset: 0 });
    expect(atEnd(g(100, 400, (n) => (n === 100 ? 1000 : n > 100 ? 0 : 20)))).toEqual({ line: 100, offset: 600 });
  });

  it('moves by pixels over rows of any height, and stops at both ends', () => {
    const uneven = g(1000, 400, (n) => (n > 1000 ? 0 : n % 3 === 0 ? 60 : 20));
    let a = { line: 1, offset: 0 };
    for (let i = 0; i < 100; i++) a = move(a, 33, uneven);
    for (let i = 0; i < 100; i++) a = move(a, -33, uneven);
    expect(a).toEqual({ line: 1, offset: 0 });
    expect(move(a, -500, uneven)).toEqual({ line: 1, offset: 0 });
    expect(move(a, 1e6, uneven)).toEqual(atEnd(uneven));
    expect(move({ line: 4, offset: 5 }, -10, uneven)).toEqual({ line: 3, offset: 55 });
  });

  it('knows when it is at the end', () => {
    expect(isAtEnd(atEnd(g(1000)), g(1000))).toBe(true);
    expect(isAtEnd(move(atEnd(g(1000)), -1, g(1000)), g(1000))).toBe(true);
    expect(isAtEnd(move(atEnd(g(1000)), -2, g(1000)), g(1000))).toBe(false);
    expect(isAtEnd({ line: 1, offset: 0 }, g(50_000_000))).toBe(false);
    expect(clamp({ line: 999, offset: 0 }, g(1000))).toEqual({ line: 981, offset: 0 });
  });

  it('has a scrollbar that goes from the first line to the last, also for 50 million', () => {
    for (const last of [10, 30, 1000, 50_000_000]) {
      const geometry = g(last);
      const first = thumb({ line: 1, offset: 0 }, geometry, 20);
      const end = thumb(atEnd(geometry), geometry, 20);
      if (last > 20) expect(first.top).toBe(0);
      expect(end.top + end.size).toBeCloseTo(1, 9);
    }
    const big = g(50_000_000);
    expect(atShare(0, big, 20)).toEqual({ line: 1, offset: 0 });
    expect(atShare(0.5, big, 20).line).toBe(24_999_991);
    expect(atShare(1, big, 20)).toEqual(atEnd(big));
    const a = { line: 12_345_678, offset: 0 };
    const t = thumb(a, big, 20);
    expect(atShare(t.top / (1 - t.size), big, 20).line).toBeCloseTo(a.line, -1);
  });
});
