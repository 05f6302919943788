import { describe, expect, it } from 'vitest';
import { fuzzy, rank } from './fuzzy';

const best = (wanted: string, list: string[]) => rank(wanted, list, (x) => x, () => 0, 10).map((r) => r.item);

describe('fuzzy', () => {
  it('finds what was meant first', () => {
    expect(best('log', ['Catalogue', 'Docker logs', 'log-1', 'Tail a log file'])[0]).toBe('log-1');
    expect(best('log', ['Catalogue', 'Docker logs'])).toEqual(['Docker logs', 'Catalogue']);
    expect(best('dl', ['Middle', 'Docker logs'])[0]).toBe('Docker logs');
    expect(best('web1', ['web-2', 'web-1', 'worker-web-11'])[0]).toBe('web-1');
    expect(best('WEB-1', ['web-1', 'web-10'])[0]).toBe('web-1');
  });
  it('does not find what is not there', () => {
    expect(fuzzy('xyz', 'Docker logs')).toBeNull();
    expect(fuzzy('sgol', 'logs')).toBeNull();
    expect(fuzzy('', 'anything')?.at).toEqual([]);
  });
  it('says which characters fit', () => {
    expect(fuzzy('log', 'Docker logs')?.at).toEqual([7, 8, 9]);
    expect(fuzzy('dl', 'Docker logs')?.at).toEqual([0, 7]);
  });
  it('prefers what was used of late among equals', () => {
    const list = [{ n: 'aa-1', t: 1 }, { n: 'aa-2', t: 5 }];
    expect(rank('aa', list, (x) => x.n, (x) => x.t, 2).map((r) => r.item.n)).toEqual(['aa-2', 'aa-1']);
  });
});
