import { tick } from 'svelte';
import type { Mark } from './profile';

/** How often the newest line is asked for, in milliseconds. */
const ASK_MS = 100;
const SECOND_MS = 1000;
/** One screen in so many is painted while a log is scrolled: where no graphics card helps, a screen takes 60 ms. */
const PAINT_EVERY = 250;
/** A log that shows nothing new for this long is not scrolled any further. */
const STUCK_MS = 20_000;

/** The log in front: of a dialog, else of the window. */
function inFront(): HTMLElement | null {
  const all = document.querySelectorAll<HTMLElement>('.log[data-run]');
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
 * scrolls the log from its first line to its end, a screen at a time by the viewer's own Page Down, and counts the lines
 * whose row in the page did not have their number for a text. It looks at every screen and lets a few be painted.
 */
export function profileLog(mark: Mark, newest: (runId: string) => Promise<number>): () => void {
  let stopped = false;
  const onFrame = requestAnimationFrame.bind(window); // what a scroll puts in its place is not for us
  let gap = 0, lag = 0, before = performance.now(), told = before;
  let wanted: { line: number; since: number } | null = null;
  let asked: { since: number; was: string } | null = null;
  let asking = false;

  const state = (log: HTMLElement | null): string => {
    const rows = log ? rowsOf(log) : [];
    return `${document.querySelectorAll('.log[data-run]').length} ${log?.dataset.run} ${numberOf(rows[0])} ${rows.length}`;
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
      onFrame(() => mark('log-shown', performance.now() - since));
    }
    if (now - told >= SECOND_MS) {
      mark('frame-gap', gap);
      if (log?.dataset.following === 'true') mark('log-lag', lag);
      mark('nodes', document.getElementsByTagName('*').length);
      gap = lag = 0;
      told = now;
    }
    onFrame(frame);
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
    const painted = () => new Promise((done) => onFrame(() => onFrame(done)));
    // What the viewer would do before the next paint it does at once.
    window.requestAnimationFrame = (f) => Number(setTimeout(() => f(performance.now())));
    let seen = 0, missing = 0, wrong = 0, steps = 0;
    const began = performance.now();
    let since = began;
    press('Home');
    while (!stopped && performance.now() - since < STUCK_MS) {
      await tick();
      if (log.dataset.following === 'true' && seen >= Number(log.dataset.last)) break;
      const rows = rowsOf(log);
      const last = numberOf(rows.at(-1));
      if (rows.length === 0 || !whole(log) || last <= seen) {
        // What is missing is being read.
        await new Promise((done) => setTimeout(done));
        if (last <= seen) press('PageDown');
        continue;
      }
      if (numberOf(rows[0]) > seen + 1) missing += numberOf(rows[0]) - seen - 1;
      for (const row of rows) {
        const n = numberOf(row);
        if (n > seen && row.querySelector('.text')?.textContent !== String(n)) wrong++;
      }
      seen = last;
      since = performance.now();
      document.documentElement.style.visibility = ++steps % PAINT_EVERY === 0 ? '' : 'hidden';
      if (steps % PAINT_EVERY === 0) await painted();
      press('PageDown');
    }
    document.documentElement.style.visibility = '';
    window.requestAnimationFrame = onFrame;
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
  onFrame(frame);
  return () => {
    stopped = true;
    clearInterval(timer);
    removeEventListener('keydown', key, true);
  };
}
