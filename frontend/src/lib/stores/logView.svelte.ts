import { ApiError } from '../services/api/ApiError';
import type { LogAPIService } from '../services/api/LogAPIService';
import type { Line, LogPage, Notice, OpenLine } from '../services/api/types';
import type { AppEvents } from '../services/events/WebSocketManager';

/** Lines kept in memory for one view; those farthest from what is looked at go first. */
export const MAX_LINES = 10_000;
/** The same in characters: 10,000 lines of 4 KB each would be 80 MB. */
export const MAX_CHARS = 8_000_000;
/** Most lines asked for at once; Go ends a reply at 8 KB anyway. */
const READ_LINES = 256;
/** Lines around a place that are read before anything is drawn there: two screens. */
export const AHEAD = 80;
/** Lines read beyond both edges of what is seen, so that scrolling finds them there. */
const AROUND = 60;
/** A run that is not done and says nothing for this long is asked: runs of vmo send no events, and a last one may get lost. */
const SILENCE_MS = 1000;
/** So many lines that went by between two screens are told of; fewer a person finds by scrolling. */
const FAR = 5000;
/** Lines of a filtered view that are read in one call although others stand between them. */
const SPREAD = 64;
/** Pause between two whole screens of a stream that is faster than the eye: ten a second are enough. */
const PACE_MS = 100;
/** Pause after a failed read before the next one; a person can always press Retry. */
const FAILED_MS = 2000;

export interface LogViewDependencies {
  /** Where it opens; the tail, if it is not told. */
  at?: number;
  /** What was read of it before it was made. */
  first?: LogPage;
  logService: Pick<LogAPIService, 'read' | 'line'>;
  /** Calls back before the next paint; a fake in tests. */
  frame?: (f: () => void) => void;
  /** The VMs of a job whose lines stand together, by the runs' positions; none in the log of one run. */
  vms?: readonly string[];
  /** Told when the view begins or ceases to need events. */
  onwatch?: () => void;
}

/** A row of the screen: a line with the number it has in its log, and in a log of many VMs whose it is. */
export interface Row { n: number; line: Line; vm?: string }

/** What a screen scrolls through: all lines of a run, those that match, or those of many runs. Rows count from 1. */
export interface LogRows {
  /** The VMs whose lines these are, by the runs' positions, where they are those of many. */
  readonly vms?: readonly string[];
  readonly version: number;
  readonly last: number;
  readonly tail: number;
  readonly following: boolean;
  readonly unseen: number;
  readonly ready: boolean;
  readonly error: ApiError | null;
  readonly open: (OpenLine & { vm?: string })[];
  readonly notices: Notice[];
  readonly skipped: { from: number; count: number } | null;
  row(i: number): Row | undefined;
  /** The line that row i shows, known also while its text is not. */
  number(i: number): number;
  /** The row of a line, or the first one after it. */
  index(n: number): number;
  look(from: number, height: number): void;
  follow(on: boolean): void;
  refresh(): void;
  /** A stretch of a long line in row i. */
  part(i: number, offset: number): Promise<{ text: string; total: number }>;
}

/**
 * What one viewer has of a log, a run's or that of all runs of a job. Lines are kept by number and never change once
 * complete, so it does not matter in which order, how often or whether at all an event arrives: what is looked at and
 * missing is read by cursor, one call in flight. While it follows, it shows `tail`, the newest line up to which a whole screen is there; a stream
 * faster than the reads jumps from screen to screen, and what lies between is read when somebody scrolls there.
 */
export function createLogView(runId: string, { at = 0, first: page, logService, frame = (f) => requestAnimationFrame(f), vms, onwatch }: LogViewDependencies) {
  const lines = new Map<number, Line>();
  let chars = 0;
  let version = $state(0);
  let last = $state(0);
  let tail = $state(0);
  let done = $state(false);
  let ready = $state(false);
  let following = $state(at === 0);
  let seen = $state(0);
  let visible = $state(false);
  let error = $state.raw<ApiError | null>(null);
  let open = $state.raw<(OpenLine & { vm?: string })[]>([]);
  let notices = $state.raw<Notice[]>([]);
  let skipped = $state.raw<{ from: number; count: number } | null>(null);

  let order = $state(0);

  let top = Math.max(1, at);
  let chosen: readonly number[] | null = null; // the lines that are seen, where they don't follow each other
  let rows = 40;
  let target = 0;
  let reading = false;
  let stale = true; // what only a read tells (notices, whether it is done) may have changed
  let drawn = true;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function draw(): void {
    if (!drawn || closed) return;
    drawn = false;
    frame(() => { drawn = true; if (!closed) version++; });
  }

  function keep(list: Line[]): void {
    for (const l of list) {
      if (lines.has(l.n)) continue;
      lines.set(l.n, l);
      chars += l.text.length;
    }
    if (lines.size > MAX_LINES || chars > MAX_CHARS) trim();
  }

  /** Lets go of what is farthest from the screen, a tenth more than needed so that it is not done for every line. */
  function trim(): void {
    const middle = following ? Math.max(target, tail) : top + rows / 2;
    const far = [...lines.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const n of far) {
      if (lines.size <= MAX_LINES * 0.9 && chars <= MAX_CHARS * 0.9) return;
      chars -= lines.get(n)?.text.length ?? 0;
      lines.delete(n);
    }
  }

  /** The first line missing in [from, to], or 0. */
  function missing(from: number, to: number): number {
    for (let n = Math.max(1, from); n <= to; n++) if (!lines.has(n)) return n;
    return 0;
  }

  const screenful = (end: number) => missing(end - rows + 1, end) === 0;

  function advance(candidate: number): void {
    if (!following || candidate <= tail || !screenful(candidate)) return;
    const first = skipped?.from ?? tail + 1;
    if (tail > 0 && (skipped || candidate - rows - tail > FAR)) skipped = { from: first, count: candidate - rows - first + 1 };
    tail = candidate;
    if (target <= tail) target = last;
  }

  /** What to read next: first line and how many; null when nothing is missing. */
  function wanted(): { from: number; count: number } | null {
    if (following) {
      if (target <= tail || target > last) target = last;
      const gap = missing(target - rows + 1, target);
      if (gap) return { from: gap, count: Math.min(READ_LINES, target - gap + 1) };
      advance(target);
      return tail < last ? wanted() : null;
    }
    if (chosen) {
      const from = chosen.find((n) => n <= last && !lines.has(n));
      if (from === undefined) return null;
      const to = chosen.findLast((n) => n < from + SPREAD && n <= last) ?? from;
      return { from, count: to - from + 1 };
    }
    const end = Math.min(last, top + rows);
    const gap = missing(top, end) || missing(top - AROUND, Math.min(last, end + AROUND));
    if (!gap) return null;
    let count = 1;
    // As many as a reply carries: who scrolls on finds them there.
    while (count < READ_LINES && gap + count <= last && !lines.has(gap + count)) count++;
    return { from: gap, count };
  }

  const vmOf = (l: Line | OpenLine): string | undefined => vms?.[l.run ?? 0];
  const named = (list: OpenLine[]) => (vms ? list.map((o) => ({ ...o, vm: vmOf(o) })) : list);

  /** In a job of another process lines may come to stand among those that are known: they are read anew. */
  function reorder(to: number): void {
    if (to === order) return;
    order = to;
    lines.clear();
    chars = last = tail = target = 0;
    skipped = null;
  }

  function take(page: LogPage): void {
    reorder(page.order ?? 0);
    keep(page.lines);
    if (page.last > last) last = page.last;
    // A reply may be older than an event that came meanwhile.
    if (page.last >= last) open = named(page.open);
    done = done || page.done;
    if (page.notices.length >= notices.length) notices = page.notices;
    if (following && target === 0) target = last;
    const end = page.lines.at(-1)?.n ?? 0;
    if (end) advance(end);
    // At first a part of a screen is better than none.
    if (following && tail === 0 && end === last) tail = end;
    seen = following || !ready ? last : seen;
  }

  async function pump(): Promise<void> {
    if (reading || closed || !visible) return;
    reading = true;
    clearTimeout(timer);
    let pause = SILENCE_MS;
    try {
      while (!closed && visible) {
        const first = !ready;
        const next = first ? { from: following ? -rows : top, count: Math.min(READ_LINES, rows) } : wanted() ?? (stale ? { from: last + 1, count: following ? READ_LINES : 1 } : null);
        if (!next) break;
        stale = false;
        const page = await logService.read(runId, next.from, next.count);
        if (closed) return;
        const before = { size: lines.size, tail };
        take(page);
        ready = true;
        error = null;
        draw();
        // A reply without what it was asked for must not be asked for at once again.
        if (!first && next.from <= last && lines.size === before.size && !lines.has(next.from)) { pause = FAILED_MS; break; }
        if (following && before.tail > 0 && tail > before.tail && tail < last) { pause = PACE_MS; break; }
      }
    } catch (reason) {
      pause = FAILED_MS;
      error = ApiError.from(reason);
      stale = true;
    } finally {
      reading = false;
    }
    if (!closed && visible && (pause !== SILENCE_MS || !done)) timer = setTimeout(() => { stale = true; void pump(); }, pause);
  }

  if (page) {
    take(page);
    ready = true;
  }

  return {
    runId,
    /** Grows once per frame in which lines came; read it to be told. */
    get version() { return version; },
    /** The VMs whose lines these are, where they are those of many. */
    vms,
    /** Another number means that lines have come to stand elsewhere. */
    get order() { return order; },
    /** The newest line of the log. */
    get last() { return last; },
    /** The line at the bottom of the screen while following. */
    get tail() { return tail; },
    get open() { return open; },
    get notices() { return notices; },
    get done() { return done; },
    /** Whether anything was read yet. */
    get ready() { return ready; },
    get error() { return error; },
    get following() { return following; },
    /** Lines that came since the person scrolled up. */
    get unseen() { return Math.max(0, last - seen); },
    get visible() { return visible; },
    get size() { return lines.size; },
    /** Lines that a fast stream went by without ever showing them, since the view follows. */
    get skipped() { return skipped; },
    line: (n: number): Line | undefined => lines.get(n),
    // What a screen scrolls through, as LogRows has it: here a row is a line.
    row: (i: number): Row | undefined => { const line = lines.get(i); return line && { n: i, line, vm: vmOf(line) }; },
    number: (i: number): number => i,
    index: (n: number): number => n,

    /** The viewer shows `height` lines from line `from` on, or just the lines of `only`. */
    look(from: number, height: number, only: readonly number[] | null = null): void {
      const taller = height > rows;
      top = Math.max(1, Math.floor(from));
      rows = Math.max(1, Math.ceil(height));
      chosen = only;
      if (!following || taller) void pump();
    },
    /** Reads the lines around one, so that a screen that goes there is whole at once. */
    async prepare(n: number): Promise<void> {
      const from = Math.max(1, n - AHEAD / 2);
      if (closed || !missing(from, Math.min(last, from + AHEAD - 1))) return;
      const page = await logService.read(runId, from, AHEAD);
      if (!closed && (page.order ?? 0) === order) keep(page.lines);
    },
    follow(on: boolean): void {
      if (on === following) return;
      following = on;
      skipped = null;
      seen = on ? last : tail || last;
      if (on) { target = last; advance(last); void pump(); draw(); }
    },
    /** A view that is not shown reads nothing and wants no events. */
    show(on: boolean): void {
      if (on === visible) return;
      visible = on;
      onwatch?.();
      stale = true;
      if (on) void pump(); else clearTimeout(timer);
    },
    /** Asks again: after lost events, a new epoch, or an error. */
    refresh(): void {
      stale = true;
      void pump();
    },
    take(e: Pick<AppEvents['log:lines'], 'lines' | 'open' | 'last' | 'done' | 'order'>): void {
      if (!visible || closed) return;
      if ((e.order ?? 0) !== order) { stale = true; void pump(); return; }
      const quiet = e.lines.length === 0 && e.last === last;
      keep(e.lines);
      if (e.last >= last) { open = named(e.open); last = e.last; }
      if (quiet || (e.done && !done)) stale = true;
      done = done || e.done;
      if (following) {
        seen = last;
        const end = e.lines.at(-1)?.n ?? 0;
        if (end) advance(end);
        if (target <= tail) target = last;
      }
      draw();
      void pump();
    },
    /** Up to 64 KiB of a line that is longer than a page carries, from a byte offset on. */
    part: (n: number, offset: number) => logService.line(runId, n, offset),
    destroy(): void {
      closed = true;
      visible = false;
      clearTimeout(timer);
      onwatch?.();
    },
  };
}
export type LogView = ReturnType<typeof createLogView>;
