import { expect, test } from 'vitest';
import type { Line, SearchHit } from '../../services/api/types';
import { rowsOf } from './rows';

const hit = (line: number): SearchHit => ({ runId: 'r', line, stream: 'stderr', at: '2026-11-24T10:00:00Z', parts: ['', `hit ${line}`, ''], before: false, after: false });
const line = (n: number): [number, Line] => [n, { n, stream: 'stdout', at: '2026-11-24T10:00:00Z', text: `line ${n}`, len: 6 } as Line];

test('each line once, in order, with gaps told', () => {
  const context = new Map([1, 2, 3, 4, 5, 6, 9, 10, 11].map(line));
  const rows = rowsOf([hit(2), hit(4), hit(10)], context, 1);
  expect(rows.map((r) => `${r.gap ? '...' : ''}${r.n}${r.hit ? '!' : ''}`)).toEqual(['1', '2!', '3', '4!', '5', '...9', '10!', '11']);
  expect(rowsOf([hit(2), hit(4)], context, 0).map((r) => r.n)).toEqual([2, 4]);
  expect(rowsOf([hit(2)], new Map(), 3).map((r) => r.n)).toEqual([2]);
});
