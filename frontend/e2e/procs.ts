import { readdirSync, readFileSync } from 'node:fs';

export interface Proc { pid: number; command: string }

/**
 * The living processes of a run on this machine: those that carry its mark, or its id in the line that a login shell was
 * given, and those of its session.
 */
export function ofRun(id: string, session = 0): Proc[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      if (stat[0] === 'Z' || stat[0] === 'X') return [];
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const marked = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`VMO_RUN_ID=${id}`) || /vmo-run '\\047\S+\\047 \\047(\S+?)\\047 /.exec(line)?.[1] === id;
      if (!marked && (session === 0 || Number(stat[3]) !== session)) return [];
      return [{ pid: Number(name), command: line.replaceAll('\0', ' ').trim() }];
    } catch {
      return []; // it has ended meanwhile, or is somebody else's
    }
  });
}

/** The session that a process of the run is in. */
export function sessionOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[3]);
}
