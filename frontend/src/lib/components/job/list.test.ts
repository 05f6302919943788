import { describe, expect, it } from 'vitest';
import { aJob } from '../../stores/fakes';
import { HEAD, itemAt, itemsOf, ROW, rowsOf, topsOf, type Row } from './list';

const now = new Date(2026, 10, 24, 15);
const job = (id: string, day: number, status: 'succeeded' | 'failed' | 'running' = 'succeeded') => aJob(id, { status, createdAt: new Date(2026, 10, day, 12).toISOString() });

describe('the history as a list', () => {
  it('has a head for each day, which counts only what is read to its end', () => {
    const items = itemsOf([job('a', 24, 'running'), job('b', 24), job('c', 23, 'failed'), job('d', 23), job('e', 20)], true, now);
    expect(items.map((i) => (i.kind === 'day' ? `${i.label}: ${i.summary}` : i.key))).toEqual([
      'Today, Tuesday 24 November: 2 jobs · 1 succeeded, 1 running', 'a', 'b', 'Yesterday, Monday 23 November: 2 jobs · 1 of 2 succeeded', 'c', 'd', 'Friday 20 November: ', 'e',
    ]);
  });

  it('knows where each item is, with one open', () => {
    const items = itemsOf([job('a', 24), job('b', 24), job('c', 24)], false, now);
    const tops = topsOf(items, 'b', 90);
    expect([...tops]).toEqual([0, HEAD, HEAD + ROW, HEAD + ROW + 90, HEAD + ROW + 90 + ROW]);
    expect([0, HEAD - 1, HEAD, HEAD + ROW + 89, HEAD + ROW + 90, 1e6].map((y) => itemAt(tops, y))).toEqual([0, 0, 1, 2, 3, 3]);
    expect(itemAt(topsOf([], null, 0), 5)).toBe(0);
  });

  it('draws in rows that are there, but never in the one that has the focus', () => {
    const items = (...ids: string[]) => itemsOf(ids.map((id) => job(id, 24)), false, now);
    const of = (rows: Row[], key: string) => rows.find((r) => r.item.key === key && !r.spare)?.id;
    const ids = (rows: Row[]) => rows.map((r) => r.id);
    const first = rowsOf(items('a', 'b', 'c'), []);
    expect(new Set(ids(first)).size).toBe(4);
    // b keeps its row, those of a and c take d and e, f needs a new one; the head of a day stays one.
    const second = rowsOf(items('d', 'b', 'e', 'f'), first);
    expect(ids(second).slice(0, 4)).toEqual(ids(first));
    expect(ids(first)).not.toContain(of(second, 'f'));
    const third = rowsOf(items('d', 'g'), second, 'b');
    expect(ids(third)).not.toContain(of(second, 'b'));
    expect(new Set(ids(third)).size).toBe(third.length);
    // What has nothing to draw waits out of sight, and comes back with the next list.
    const none = rowsOf([], first);
    expect(none.every((r) => r.spare)).toBe(true);
    expect(ids(rowsOf(items('a', 'b', 'c'), none))).toEqual(ids(first));
    expect(rowsOf([], Array.from({ length: 500 }, (_, i) => ({ ...(first[1] as Row), id: `r${i}` }))).length).toBeLessThan(100);
  });

  it('looks at each job of a long history a few times only', () => {
    let looks = 0;
    const jobs = Array.from({ length: 20_000 }, (_, i) => {
      const j = job(`j${i}`, 24 - Math.floor(i / 5000));
      const { createdAt } = j;
      return Object.defineProperty(j, 'createdAt', { get: () => { looks++; return createdAt; } });
    });
    topsOf(itemsOf(jobs, true, now), null, 0);
    expect(looks).toBeLessThan(3 * jobs.length);
  });
});
