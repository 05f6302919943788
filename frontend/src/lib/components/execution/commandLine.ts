import type { Job } from '../../services/api/types';

const MAX_EARLIER = 100;

/** The scripts of earlier free commands, newest first, each once. What needs secrets isn't free. */
export function earlier(jobs: readonly Job[]): string[] {
  const seen = new Set<string>();
  for (const job of jobs) if (!job.commandId && job.script && job.secrets.length === 0 && seen.size < MAX_EARLIER) seen.add(job.script);
  return [...seen];
}

/**
 * One step through the earlier commands: by +1 to an older one, by -1 back. Only from an empty line or from a recalled
 * text that wasn't edited, so that the arrows stay the editor's own in a text of several lines. Null: nothing to do.
 */
export function recall(list: readonly string[], text: string, at: number, by: 1 | -1): { at: number; text: string } | null {
  const untouched = text === '' || text === list[at];
  const next = (text === '' ? -1 : at) + by;
  if (!untouched || next >= list.length || next < -1) return null;
  return { at: next, text: next === -1 ? '' : (list[next] ?? '') };
}

/** What completes a line to the first of the list that begins with it; "" for none, for what has several lines, and for next to nothing. */
export function complete(text: string, list: readonly string[]): string {
  if (text.trim().length < 2 || text.includes('\n')) return '';
  const found = list.find((c) => c.length > text.length && c.startsWith(text) && !c.includes('\n'));
  return found ? found.slice(text.length) : '';
}
