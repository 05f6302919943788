import { finished, type JobDetail, type Status } from '../../services/api/types';

const order: Status[] = ['succeeded', 'failed', 'timed_out', 'lost', 'canceled', 'skipped', 'running', 'queued'];
const words: Record<Status, string> = {
  succeeded: 'succeeded', failed: 'failed', timed_out: 'timed out', lost: 'lost', canceled: 'stopped', skipped: 'skipped', running: 'running', queued: 'waiting',
};

function counts(detail: JobDetail): Map<Status, number> {
  const n = new Map<Status, number>();
  for (const run of detail.runs) n.set(run.status, (n.get(run.status) ?? 0) + 1);
  return n;
}

/** "2 succeeded, 1 failed, 1 running"; for one run its own word and exit status. */
export function summary(detail: JobDetail): string {
  const only = detail.runs.length === 1 ? detail.runs[0] : undefined;
  if (only) {
    const exit = only.exitCode ?? null;
    if (only.signal && only.status === 'failed') return `ended by SIG${only.signal}`;
    if (exit !== null && exit !== 0 && only.status === 'failed') return `exit ${exit}`;
    return words[only.status];
  }
  const n = counts(detail);
  return order.filter((s) => n.has(s)).map((s) => `${n.get(s)} ${words[s]}`).join(', ');
}

/** The finished parts of the progress bar, in percent of all runs. */
export function progress(detail: JobDetail): { status: Status; percent: number }[] {
  const n = counts(detail);
  return order.filter((s) => finished(s) && n.has(s)).map((status) => ({ status, percent: ((n.get(status) ?? 0) * 100) / Math.max(1, detail.runs.length) }));
}
