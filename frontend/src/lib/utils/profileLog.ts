import type { Mark } from './profile';

/** How often the newest line is asked for, in milliseconds. */
const ASK_MS = 100;
const SECOND_MS = 1000;

/** The log in front: of a dialog, else of the window. */
function inFront(): HTMLElement | null {
  const all = document.querySelectorAll<HTMLElement>('[data-run]');
  return all[all.length - 1] ?? null;
}
const rowsOf = (log: HTMLElement): HTMLElement[] => [...log.querySelectorAll<HTMLElement>('[role=log] [data-line]')];
const numberOf = (row: HTMLElement | undefined): number => Number(row?.dataset.line ?? 0);
const whole = (log: HTMLElement): boolean => log.querySelector('[role=log] .wait') === null;

/**
 * Measures the log in front, for build/bench-window.sh. Each second: "frame-gap", the longest time between two frames;
 * "log-lag", the longest time from when Go had a newest line to the frame that shows it, while the log follows; "nodes",
 * how many elements there are. And "log-shown", from a key to the frame in which the log stands complete at another
 * place. Two keys help a program that has only a keyboard: Ctrl Alt J goes to the list of the history, Ctrl Alt B
 * scrolls the log from its first line to its end a screen at a time and counts the lines whose text was not their number.
 */
export function profileLog(mark: Mark, newest: (runId: string) => Promise<number>): () => void {
  let stopped = false;
  let gap = 0, lag = 0, before = performance.now(), told = before;
  let wanted: { line: number; since: number } | null = null;
  let asked: { since: number; was: string } | null = null;
  let asking = false;

  const state = (log: HTMLElement | null): string => {
    const rows = log ? rowsOf(log) : [];
    return `${document.querySelectorAll('[data-run]').length} ${log?.dataset.run} ${numberOf(rows[0])} ${rows.length}`;
  };

  function frame(now: number): void {
    if (stopped) return;
    gap = Math.max(gap, now - before);
    before = now;
    const log = inFront();
    if (log && wanted && log.dataset.following === 'true') {
      const shown = whole(log) ? numberOf(rowsOf(log).at(-1)) : 0;
      lag = Math.max(lag, now - wanted.since);
      if (shown >= wanted.line) wanted = null;
    } else wanted = null;
    if (asked && log && rowsOf(log).length > 0 && whole(log) && state(log) !== asked.was) {
      const { since } = asked;
      asked = null;
      requestAnimationFrame(() => mark('log-shown', performance.now() - since));
    }
    if (now - told >= SECOND_MS) {
      mark('frame-gap', gap);
      if (log?.dataset.following === 'true') mark('log-lag', lag);
      mark('nodes', document.getElementsByTagName('*').length);
      gap = lag = 0;
      told = now;
    }
    requestAnimationFrame(frame);
  }

  const timer = setInterval(() => {
    const run = inFront()?.dataset.run;
    if (!run || wanted || asking || scrolling) return;
    asking = true;
    const since = performance.now();
    // Counted from before the question: the answer's own way is on our side of the scales.
    newest(run).then((line) => { if (line > 0) wanted = { line, since }; }, () => {}).finally(() => { asking = false; });
  }, ASK_MS);

  let scrolling = false;
  async function scroll(): Promise<void> {
    const log = inFront();
    const screen = log?.querySelector<HTMLElement>('[role=log]');
    if (!log || !screen || scrolling) return;
    scrolling = true;
    const press = (key: string) => screen.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    const next = () => new Promise((done) => requestAnimationFrame(done));
    let seen = 0, missing = 0, wrong = 0, steps = 0;
    const began = performance.now();
    press('Home');
    for (let waited = 0; !stopped && waited < 600; ) {
      await next();
      const rows = rowsOf(log);
      if (rows.length === 0 || !whole(log)) { waited++; continue; }
      if (numberOf(rows[0]) > seen + 1) missing += numberOf(rows[0]) - seen - 1;
      const last = numberOf(rows.at(-1));
      for (const row of rows) {
        const n = numberOf(row);
        if (n > seen && row.querySelector('.text')?.textContent !== String(n)) wrong++;
      }
      if (last <= seen) waited++; else { waited = 0; steps++; }
      seen = Math.max(seen, last);
      if (log.dataset.following === 'true' && seen >= Number(log.dataset.last)) break;
      press('PageDown');
    }
    mark('scroll-lines', seen);
    mark('scroll-missing', missing);
    mark('scroll-wrong', wrong);
    mark('scroll-steps', steps);
    mark('scroll-took', performance.now() - began);
    scrolling = false;
  }

  const key = (e: KeyboardEvent) => {
    if (e.ctrlKey && e.altKey && e.code === 'KeyJ') document.querySelector<HTMLElement>('[role=region][aria-label=Jobs]')?.focus();
    else if (e.ctrlKey && e.altKey && e.code === 'KeyB') void scroll();
    else if (['Enter', 'Home', 'End'].includes(e.key) && e.isTrusted) asked = { since: e.timeStamp, was: state(inFront()) };
  };
  addEventListener('keydown', key, true);
  requestAnimationFrame(frame);
  return () => {
    stopped = true;
    clearInterval(timer);
    removeEventListener('keydown', key, true);
  };
}
