import { finished, type Command, type Job } from '../../services/api/types';

/** "web-1, web-2 and 3 more". */
export function vmsOf(job: Job): string {
  const shown = job.vmNames.slice(0, 2);
  const more = job.runCount - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** How a job stands in two or three words. */
export function outcome(job: Job): string {
  if (!finished(job.status)) return job.status;
  const n = (status: string) => job.counts[status] ?? 0;
  if (job.runCount > 1) {
    if (n('canceled')) return `${n('canceled')} stopped`;
    if (n('lost')) return `${n('lost')} lost`;
    if (n('timed_out')) return `${n('timed_out')} timed out`;
    if (n('failed')) return `${n('failed')} failed`;
    return 'all succeeded';
  }
  return { canceled: 'stopped', lost: 'lost, no end seen', timed_out: 'timed out', failed: 'failed', skipped: 'skipped', succeeded: 'succeeded', queued: '', running: '' }[job.status];
}

/** A saved command with the values of a job as its defaults. A secret has none, there or here. */
export function withValues(command: Command, job: Pick<Job, 'values'>): Command {
  return { ...command, params: command.params.map((p) => (p.type === 'secret' ? p : { ...p, default: job.values[p.name] ?? p.default })) };
}

/** What a job says of how its script runs, for a command that is made of it. A free command has no time-out; that of a new one is the person's setting. */
export function howItRan(job: Job): Partial<Command> {
  const { kind, workDir, env, options, timeoutSeconds } = job;
  return { kind, workDir, env, options, ...(job.commandId ? { name: job.name } : {}), ...(job.commandId || timeoutSeconds > 0 ? { timeoutSeconds } : {}) };
}
