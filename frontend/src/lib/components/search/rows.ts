import type { Line, SearchHit, Stream } from '../../services/api/types';

/** A row of a run: a line that was found, or one around it. `gap` says that lines are left out before it. */
export interface Row { readonly key: string; readonly n: number; readonly stream: Stream; readonly at: string; readonly text: string; readonly hit: SearchHit | null; readonly gap: boolean }

/** The lines found, with those around them as far as they are there, each once and in order. */
export function rowsOf(hits: readonly SearchHit[], context: ReadonlyMap<number, Line>, around: number): Row[] {
  const found = new Map(hits.map((h) => [h.line, h]));
  const wanted = new Set<number>();
  for (const { line } of hits) for (let n = Math.max(1, line - around); n <= line + around; n++) if (found.has(n) || context.has(n)) wanted.add(n);
  const rows: Row[] = [];
  let last = 0;
  for (const n of [...wanted].sort((a, b) => a - b)) {
    const hit = found.get(n) ?? null;
    const line = context.get(n);
    const stream = hit?.stream ?? line?.stream ?? 'stdout';
    rows.push({ key: `${hit ? 'hit' : 'line'} ${n}`, n, stream, at: hit?.at ?? line?.at ?? '', text: line?.text ?? '', hit, gap: last > 0 && n > last + 1 });
    last = n;
  }
  return rows;
}
