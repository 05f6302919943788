// Numbers and times as a person reads them.

const numbers = new Intl.NumberFormat('en');

export const number = (n: number): string => numbers.format(n);

/** "1 job", "1,204 jobs". */
export const count = (n: number, word: string): string => `${numbers.format(n)} ${word}${n === 1 ? '' : 's'}`;

export function bytes(n: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let i = 0;
  for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}

/** "12 ms", "0.4 s", "2 min 5 s", "3 h 4 min". */
export function duration(ms: number): string {
  if (ms > 0 && ms < 95) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Of what goes on, in whole seconds: "4 s", "2 min 5 s". */
export function soFar(ms: number): string {
  const s = Math.floor(Math.max(0, ms) / 1000);
  return s < 60 ? `${s} s` : duration(s * 1000);
}

/** Between two times as they arrive from Go; with `until` missing it goes on. */
export function between(from: string | null | undefined, until: string | null | undefined, now = Date.now()): string {
  if (!from) return '';
  return until ? duration(Date.parse(until) - Date.parse(from)) : soFar(now - Date.parse(from));
}

// Every row of a list and every line of a log has a time: no formatter is made for each, which takes WebKit most of a
// millisecond.
const two = (n: number): string => (n < 10 ? `0${n}` : String(n));
const clockOf = (d: Date): string => `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;

/** "09:05:07" */
export const clock = (at: string): string => clockOf(new Date(at));

/** "09:05:07.042" */
export const clockMillis = (at: string): string => {
  const d = new Date(at);
  return `${clockOf(d)}.${String(d.getMilliseconds()).padStart(3, '0')}`;
};

const dayOfYear = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYear = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

/** "Today, Tuesday 24 November", "Yesterday, ...", then the day alone. */
export function day(at: string, now = new Date()): string {
  const d = new Date(at);
  const midnight = (x: Date) => new Date(x.getFullYear(), x.getMonth(), x.getDate()).getTime();
  const ago = Math.round((midnight(now) - midnight(d)) / 86_400_000);
  const sameYear = d.getFullYear() === now.getFullYear();
  const text = (sameYear ? dayOfYear : dayAndYear).format(d).replace(',', '');
  return ago === 0 ? `Today, ${text}` : ago === 1 ? `Yesterday, ${text}` : text;
}

/** What retention took out of the history, and when. */
export function removal(r: { jobs: number; bytes: number; why: 'age' | 'size' | 'deleted'; at: string }): string {
  const why = r.why === 'age' ? 'because of their age' : r.why === 'size' ? 'to stay within the size' : 'that you had deleted';
  return `${count(r.jobs, 'job')} with ${bytes(r.bytes)} of output removed ${why}: ${day(r.at)}`;
}

/** How long ago, in one short word. */
export function ago(at: string, now = Date.now()): string {
  const minutes = Math.max(0, Math.floor((now - Date.parse(at)) / 60_000));
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / (24 * 60))} d`;
}

/** "just now", "5 min ago", "today at 09:50", "yesterday", "20 November". */
export function lastTime(at: string, now = new Date()): string {
  const minutes = Math.floor((now.getTime() - Date.parse(at)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const [name = '', rest = ''] = day(at, now).split(', ');
  return rest ? (name === 'Today' ? `today at ${clock(at).slice(0, 5)}` : 'yesterday') : name.replace(/^\S+ /, '');
}
