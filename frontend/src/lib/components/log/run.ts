import { finished, type Run } from '../../services/api/types';
import { between, bytes, clock, count, number } from '../../utils/format';

/** How a run stands, beside its symbol: "0.4 s", "exit 3", "not reached". */
export function standing(run: Run, now: number): string {
  switch (run.status) {
    case 'queued': return 'waiting';
    case 'running': return run.startedAt ? between(run.startedAt, null, now) : 'connecting';
    case 'succeeded': return between(run.startedAt, run.finishedAt);
    case 'failed':
      if (run.signal) return `SIG${run.signal}`;
      if (run.exitCode != null) return `exit ${run.exitCode}`;
      return run.startedAt ? 'failed' : 'not reached';
    case 'canceled': return 'stopped';
    case 'timed_out': return 'timed out';
    case 'lost': return 'lost';
    case 'skipped': return 'skipped';
  }
}

/** "exit 0 · 2.1 s · 6 lines · 1.2 KB" of a run that ended. */
export function facts(run: Run, now: number): string {
  const out: string[] = [];
  if (run.status === 'succeeded' || run.status === 'failed') {
    if (run.signal) out.push(`ended by SIG${run.signal}`);
    else out.push(run.exitCode != null ? `exit ${run.exitCode}` : standing(run, now));
  } else if (run.status !== 'running') out.push(standing(run, now));
  if (run.startedAt) out.push(between(run.startedAt, run.finishedAt, now));
  if (finished(run.status) && run.lines > 0) out.push(count(run.lines, 'line'), bytes(run.bytes));
  return out.join(' · ');
}

export interface Remark { tone: 'bad' | 'warn' | 'info'; text: string; hint: string }

/** What really happened on the target when a stop was asked for. */
export function stopRemark(run: Run): Remark | null {
  const stop = run.stopResult;
  if (!stop) return null;
  const name = run.vmName;
  switch (stop.state) {
    case 'stopped':
      return { tone: 'info', text: `Stopped: nothing of it is left on ${name}.`, hint: stop.note };
    case 'still_running': {
      const pids = stop.pids.slice(0, 8).join(', ') + (stop.pids.length > 8 ? ` and ${number(stop.pids.length - 8)} more` : '');
      return { tone: 'bad', text: `It still runs on ${name}: ${stop.pids.length === 1 ? 'process' : 'processes'} ${pids}.`, hint: stop.note || 'They may belong to another account: end them on the VM itself.' };
    }
    case 'unreachable':
      return {
        tone: 'warn', text: `${name} can't be reached, so nobody knows yet whether it ended.`,
        hint: [stop.leaseEndsAt ? `Without contact it is ended there by ${clock(stop.leaseEndsAt).slice(0, 5)} at the latest.` : '', stop.note].filter(Boolean).join(' '),
      };
    case 'unproved':
      return { tone: 'warn', text: `${name} was asked to stop it, but has no way to prove that it did.`, hint: stop.note };
  }
}

/** What else a person should know about a run. */
export function remarks(run: Run): Remark[] {
  const out: Remark[] = [];
  const stop = stopRemark(run);
  if (stop) out.push(stop);
  if (run.status === 'timed_out' && !run.error) out.push({ tone: 'warn', text: 'It took longer than its time-out allows.', hint: '' });
  if (finished(run.status) && run.startedAt && !run.complete && run.status !== 'lost') {
    out.push({ tone: 'warn', text: `The output is incomplete after ${bytes(run.bytes)}.`, hint: '' });
  }
  if (run.note) out.push({ tone: 'info', text: run.note, hint: '' });
  return out;
}
