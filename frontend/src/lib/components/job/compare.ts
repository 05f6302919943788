import type { DiffRow } from '../../services/api/types';

/** The changes of a comparison: stretches of rows that are not equal. */
export function changesOf(rows: readonly DiffRow[]): { from: number; to: number }[] {
  const out: { from: number; to: number }[] = [];
  rows.forEach((row, i) => {
    if (row.kind !== 'removed' && row.kind !== 'added') return;
    const last = out.at(-1);
    if (last && last.to === i) last.to = i + 1;
    else out.push({ from: i, to: i + 1 });
  });
  return out;
}

/** A row of the view side by side; `change` is its change's number, at the first row of one. */
export interface Pair { left: DiffRow | null; right: DiffRow | null; fold?: DiffRow; change?: number }

/** Removed lines stand beside those that took their place. */
export function pairsOf(rows: readonly DiffRow[]): Pair[] {
  const out: Pair[] = [];
  let change = 0;
  for (let i = 0; i < rows.length; ) {
    const row = rows[i];
    if (!row) break;
    if (row.kind === 'fold') { out.push({ left: null, right: null, fold: row }); i++; continue; }
    if (row.kind === 'same') { out.push({ left: row, right: row }); i++; continue; }
    const removed: DiffRow[] = [];
    const added: DiffRow[] = [];
    for (let r = rows[i]; r && (r.kind === 'removed' || r.kind === 'added'); r = rows[++i]) (r.kind === 'removed' ? removed : added).push(r);
    for (let k = 0; k < Math.max(removed.length, added.length); k++) out.push({ left: removed[k] ?? null, right: added[k] ?? null, ...(k === 0 ? { change } : {}) });
    change++;
  }
  return out;
}
