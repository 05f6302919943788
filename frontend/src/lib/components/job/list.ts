import { finished, type Job } from '../../services/api/types';
import { day } from '../../utils/format';

/** Heights in pixels: of a job's row, and of a day's head. */
export const ROW = 28;
export const HEAD = 27;

export type Item = { kind: 'day'; key: string; label: string; jobs: number; summary: string } | { kind: 'job'; key: string; job: Job };

/** The midnights around a moment: a day may have 23 or 25 hours. */
function dayOf(at: string): [number, number] {
  const d = new Date(at);
  return [new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime(), new Date(d.getFullYear(), d.getMonth(), d.getDate() + 1).getTime()];
}

/** "6 jobs · 4 of 5 succeeded, 1 running"; nothing is said of a day that isn't read to its end. */
function summary(jobs: readonly Job[], from: number, to: number): string {
  let done = 0;
  let ok = 0;
  for (let i = from; i < to; i++) {
    const status = jobs[i]?.status;
    if (status && finished(status)) done++;
    if (status === 'succeeded') ok++;
  }
  const n = to - from;
  const ended = done === 0 ? '' : `${ok === n ? 'all' : ok === done ? ok : `${ok} of ${done}`} succeeded`;
  const going = done === n ? '' : `${n - done} running`;
  return [`${n} ${n === 1 ? 'job' : 'jobs'}`, [ended, going].filter(Boolean).join(', ')].filter(Boolean).join(' · ');
}

/** The history as the list shows it: a head for each day, and its jobs. `more` says that the last day may go on. */
export function itemsOf(jobs: readonly Job[], more: boolean, now = new Date()): Item[] {
  const out: Item[] = [];
  for (let i = 0; i < jobs.length; ) {
    const first = jobs[i];
    if (!first) break;
    const [begin, over] = dayOf(first.createdAt);
    const sameDay = (job: Job | undefined) => { const t = job ? Date.parse(job.createdAt) : NaN; return t >= begin && t < over; };
    let end = i + 1;
    while (sameDay(jobs[end])) end++;
    const whole = end < jobs.length || !more;
    out.push({ kind: 'day', key: `day-${begin}-${first.number}`, label: day(first.createdAt, now), jobs: end - i, summary: whole ? summary(jobs, i, end) : '' });
    for (; i < end; i++) {
      const job = jobs[i];
      if (job) out.push({ kind: 'job', key: job.id, job });
    }
  }
  return out;
}

/** Where each item begins, and at the end how high all are; the chosen job's row has its own height. */
export function topsOf(items: readonly Item[], selected: string | null, selectedHeight: number): Float64Array {
  const tops = new Float64Array(items.length + 1);
  let y = 0;
  items.forEach((item, i) => {
    tops[i] = y;
    y += item.kind === 'day' ? HEAD : item.key === selected ? Math.max(ROW, selectedHeight) : ROW;
  });
  tops[items.length] = y;
  return tops;
}

/** The item at a height, by halving. */
export function itemAt(tops: Float64Array, y: number): number {
  let lo = 0;
  let hi = tops.length - 2;
  while (lo < hi) {
    const mid = (lo + hi + 1) >> 1;
    if ((tops[mid] ?? 0) <= y) lo = mid;
    else hi = mid - 1;
  }
  return Math.max(0, lo);
}

/** What is drawn for an item, and by id the elements that draw it. A spare one is out of sight, with what it drew last. */
export interface Row { id: string; item: Item; spare: boolean }

/** So many rows are kept without use: two tall screens. */
const SPARES = 80;
let made = 0;

/**
 * The rows for what is on the screen, then the spare ones. An item keeps its own row, and one whose item is gone serves
 * another item of its kind: making its elements anew is most of what a filter costs. The row of `held`, which has the
 * focus, serves nobody else.
 */
export function rowsOf(items: readonly Item[], before: readonly Row[], held?: string): Row[] {
  const own = new Map(before.map((row) => [row.item.key, row.id]));
  const keys = new Set(items.map((item) => item.key));
  const free: Record<Item['kind'], Row[]> = { day: [], job: [] };
  for (const row of before) if (!keys.has(row.item.key) && row.item.key !== held) free[row.item.kind].push(row);
  const rows = items.map((item) => ({ id: own.get(item.key) ?? free[item.kind].shift()?.id ?? `row-${++made}`, item, spare: false }));
  return [...rows, ...[...free.day, ...free.job].slice(0, SPARES).map((row) => (row.spare ? row : { ...row, spare: true }))];
}
