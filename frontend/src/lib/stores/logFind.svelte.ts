import { ApiError } from '../services/api/ApiError';
import type { LogAPIService } from '../services/api/LogAPIService';
import type { TextQuery } from '../services/api/types';
import type { LogRows, LogView } from './logView.svelte';

/** Matches that are kept. More of them nobody walks through; the count then says "more than". */
export const MAX_MATCHES = 1_000_000;
/** Pause after typing before a search begins, so that a word is not searched letter by letter. */
const TYPING_MS = 150;
/** Pause after a failed page. */
const FAILED_MS = 2000;

/** The lines found so far, in rising order, in one growing array: a million of them are 4 MB. */
class Numbers {
  private list = new Uint32Array(1024);
  size = 0;

  push(n: number): void {
    if (this.size === this.list.length) {
      const wider = new Uint32Array(this.list.length * 2);
      wider.set(this.list);
      this.list = wider;
    }
    this.list[this.size++] = n;
  }
  at(i: number): number { return i >= 1 && i <= this.size ? (this.list[i - 1] ?? 0) : 0; }
  /** The place of n, or of the first one after it; size + 1 if there is none. */
  index(n: number): number {
    let low = 1, high = this.size + 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle) < n) low = middle + 1; else high = middle;
    }
    return low;
  }
}

export interface LogFindDependencies {
  logService: Pick<LogAPIService, 'find'>;
  view: LogView;
}

/**
 * The search in one log, over all of its lines wherever the screen is: page by page, one call in flight, from the first
 * line to the last and then on with what comes. A new query ends the one before it.
 */
export function createLogFind({ logService, view }: LogFindDependencies) {
  let query = $state.raw<TextQuery>({ text: '', regex: false, case: false });
  let count = $state(0);
  let current = $state(0);
  let searched = $state(0);
  let over = $state(false);
  let busy = $state(false);
  let error = $state.raw<ApiError | null>(null);

  let found = new Numbers();
  let round = 0;
  let next = 1;
  let from = 0; // where the first hit is looked for
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function pump(mine: number): Promise<void> {
    if (busy || mine !== round || query.text === '' || over || error?.field) return;
    busy = true;
    let failed = false;
    try {
      // What comes after a page that says it is done is found when the log has grown.
      while (mine === round && !over && (next <= view.last || next === 1)) {
        const page = await logService.find(view.runId, query, next);
        if (mine !== round) return;
        error = null;
        for (const n of page.lines) {
          if (found.size >= MAX_MATCHES) { over = true; break; }
          found.push(n);
        }
        count = found.size;
        const stands = page.next <= next;
        next = Math.max(next, page.next);
        searched = next - 1;
        settle(page.done || over);
        if (page.done || stands) break;
      }
    } catch (reason) {
      if (mine !== round) return;
      error = ApiError.from(reason);
      failed = true;
    } finally {
      if (mine === round) {
        busy = false;
        clearTimeout(timer);
        if (failed && !error?.field && error?.code !== 'invalid') timer = setTimeout(() => void pump(mine), FAILED_MS);
      }
    }
  }

  /** Once what is behind the screen's upper edge was searched, the first match from there on is the current one. */
  function settle(done: boolean): void {
    if (current > 0 || found.size === 0 || from === 0) return;
    const i = found.index(from);
    if (i <= found.size) current = i;
    else if (done) current = 1;
  }

  const find = {
    get query() { return query; },
    /** How many lines match, as far as it is known. */
    get count() { return count; },
    /** The match that is looked at, from 1; 0 for none. */
    get current() { return current; },
    /** The line of the current match, or 0. */
    get line() { return count > 0 ? found.at(current) : 0; },
    /** Lines searched so far. */
    get searched() { return searched; },
    /** Whether there are more matches than are kept. */
    get over() { return over; },
    get busy() { return busy; },
    get error() { return error; },
    /** The line of match i. */
    at: (i: number): number => found.at(i),
    /** The match at line n, or the first one after it. */
    index: (n: number): number => found.index(n),
    has: (n: number): boolean => found.at(found.index(n)) === n,

    /** Looks for something else; the first match from line `start` on becomes the current one. */
    search(to: TextQuery, start: number): void {
      query = to;
      round++;
      found = new Numbers();
      next = 1;
      count = current = searched = 0;
      from = Math.max(1, start);
      over = busy = false;
      error = null;
      clearTimeout(timer);
      const mine = round;
      if (to.text !== '') timer = setTimeout(() => void pump(mine), TYPING_MS);
    },
    /** The log has grown, or may have. */
    grown(): void {
      if (next <= view.last) void pump(round);
    },
    /** To the next match (1) or the one before (-1), round the ends. */
    step(by: 1 | -1): void {
      if (count === 0) return;
      current = current === 0 ? found.index(from) : current + by;
      if (current > count) current = 1;
      if (current < 1) current = count;
    },
    destroy(): void {
      round++;
      clearTimeout(timer);
    },
  };
  return find;
}
export type LogFind = ReturnType<typeof createLogFind>;

/** The lines that match, and no others; each keeps its number. */
export function createMatches(view: LogView, find: LogFind): LogRows {
  let following = $state(false);
  return {
    vms: view.vms,
    get version() { return view.version; },
    get last() { return find.count; },
    get tail() { return find.count; },
    get following() { return following; },
    get unseen() { return 0; },
    get ready() { return find.searched > 0 || find.error !== null; },
    get error() { return view.error; },
    open: [],
    notices: [],
    skipped: null,
    row(i) {
      const n = find.at(i);
      return n > 0 ? view.row(n) : undefined;
    },
    number: (i) => find.at(i),
    index: (n) => Math.max(1, Math.min(find.count, find.index(n))),
    look(from, height) {
      const only: number[] = [];
      for (let i = from; i < from + height && i <= find.count; i++) only.push(find.at(i));
      view.look(only[0] ?? 1, height, only);
    },
    follow(on) { following = on; },
    refresh: () => view.refresh(),
    part: (i, offset) => view.part(find.at(i), offset),
  };
}
