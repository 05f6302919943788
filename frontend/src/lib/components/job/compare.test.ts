import { describe, expect, it } from 'vitest';
import type { DiffKind, DiffRow } from '../../services/api/types';
import { changesOf, pairsOf } from './compare';

const row = (kind: DiffKind, text = '', count = 1): DiffRow => ({ kind, a: 1, b: 1, count, text });
const rows = [row('fold', '', 9), row('same', 's'), row('removed', 'r1'), row('removed', 'r2'), row('added', 'a1'), row('same', 't'), row('added', 'a2')];

describe('a comparison', () => {
  it('has its changes counted', () => {
    expect(changesOf(rows)).toEqual([{ from: 2, to: 5 }, { from: 6, to: 7 }]);
    expect(changesOf([])).toEqual([]);
  });
  it('puts what took the place of a line beside it', () => {
    expect(pairsOf(rows).map((p) => [p.left?.text, p.right?.text, p.change])).toEqual([
      [undefined, undefined, undefined], ['s', 's', undefined], ['r1', 'a1', 0], ['r2', undefined, undefined], ['t', 't', undefined], [undefined, 'a2', 1],
    ]);
  });
});
