import { ApiError } from '../services/api/ApiError';
import type { LogAPIService } from '../services/api/LogAPIService';
import type { SearchAPIService } from '../services/api/SearchAPIService';
import type { Line, SearchFilter, SearchHit, SearchProgress, SearchRun, Status, Stream, TextQuery } from '../services/api/types';
import { stripAnsi } from '../utils/ansi';
import { createStoreFactory } from './base.svelte';

interface Dependencies {
  searchService: Pick<SearchAPIService, 'start' | 'next' | 'stop'>;
  logService: Pick<LogAPIService, 'read'>;
  now?: () => number;
}

/** The lines found in one run, ascending. */
export interface SearchGroup { readonly run: SearchRun; readonly hits: readonly SearchHit[] }

/** What the search is narrowed to. Within a list one entry is enough. */
export interface Narrowing {
  readonly vms: readonly string[];
  readonly commands: readonly string[];
  readonly statuses: readonly Status[];
  readonly streams: readonly Stream[];
  /** Lines of the last so many days; 0 is all. */
  readonly days: number;
}

/** A value to narrow by, and in how many of the lines found it is. */
export interface Facet<T extends string = string> { readonly value: T; readonly lines: number }

export interface Facets { readonly vms: Facet[]; readonly commands: Facet[]; readonly statuses: Facet<Status>[]; readonly streams: Facet<Stream>[] }

export type SearchState = 'idle' | 'searching' | 'done' | 'stopped' | 'full' | 'failed';

const everything: Narrowing = { vms: [], commands: [], statuses: [], streams: [], days: 0 };
const nothing: SearchProgress = { lines: 0, runs: 0, searched: 0, total: 0 };
const DAY = 86_400_000;

/** The search over every line ever kept. It fetches page after page, so it can be stopped and never gets ahead of the screen. */
export const createSearchStore = createStoreFactory((base, { searchService, logService, now = () => performance.now() }: Dependencies) => {
  let query = $state.raw<TextQuery>({ text: '', regex: false, case: false });
  let narrowing = $state.raw<Narrowing>(everything);
  let state = $state<SearchState>('idle');
  let groups = $state.raw<readonly SearchGroup[]>([]);
  let progress = $state.raw<SearchProgress>(nothing);
  let took = $state(0);
  let wrong = $state('');
  // What there was to narrow by before it was narrowed: an unticked entry must stay to be ticked.
  let known = $state.raw<{ [K in keyof Facets]: readonly string[] }>({ vms: [], commands: [], statuses: [], streams: [] });
  let mine = 0;
  let id = '';
  let starting: Promise<string> = Promise.resolve('');

  const facets = $derived.by((): Facets => {
    const counts = { vms: new Map<string, number>(), commands: new Map<string, number>(), statuses: new Map<string, number>(), streams: new Map<string, number>() };
    const add = (map: Map<string, number>, key: string, n = 1) => map.set(key, (map.get(key) ?? 0) + n);
    for (const { run, hits } of groups) {
      add(counts.vms, run.vmName, hits.length);
      add(counts.commands, run.jobName, hits.length);
      add(counts.statuses, run.status, hits.length);
      for (const hit of hits) add(counts.streams, hit.stream);
    }
    const list = <T extends string>(map: Map<string, number>, before: readonly string[]): Facet<T>[] =>
      [...new Set([...before, ...map.keys()])].map((value) => ({ value: value as T, lines: map.get(value) ?? 0 }))
        .sort((a, b) => b.lines - a.lines || a.value.localeCompare(b.value));
    return { vms: list(counts.vms, known.vms), commands: list(counts.commands, known.commands), statuses: list(counts.statuses, known.statuses), streams: list(counts.streams, known.streams) };
  });

  function merge(runs: SearchRun[], hits: SearchHit[]): void {
    if (hits.length === 0) return;
    const at = new Map(groups.map((g, i) => [g.run.id, i]));
    const next = [...groups];
    for (const run of runs) {
      if (at.has(run.id)) continue;
      at.set(run.id, next.length);
      next.push({ run, hits: [] });
    }
    const fresh = new Map<string, SearchHit[]>();
    for (const hit of hits) fresh.set(hit.runId, [...(fresh.get(hit.runId) ?? []), hit]);
    for (const [runId, more] of fresh) {
      const i = at.get(runId);
      const group = i === undefined ? undefined : next[i];
      if (i !== undefined && group) next[i] = { run: group.run, hits: [...group.hits, ...more].sort((a, b) => a.line - b.line) };
    }
    groups = next;
  }

  const filterNow = (): SearchFilter => ({
    vmNames: [...narrowing.vms], commands: [...narrowing.commands], statuses: [...narrowing.statuses],
    stream: narrowing.streams.length === 1 ? (narrowing.streams[0] ?? '') : '',
    since: narrowing.days > 0 ? new Date(Date.now() - narrowing.days * DAY).toISOString() : undefined,
  });

  /** Looks for the text as it is now, from the beginning. */
  async function start(): Promise<void> {
    const me = ++mine;
    const began = now();
    if (id) void searchService.stop(id).catch(() => undefined); // it ends with the next one anyway
    id = '';
    groups = [];
    progress = nothing;
    took = 0;
    wrong = '';
    base.clearError();
    if (query.text === '') { state = 'idle'; return; }
    state = 'searching';
    try {
      // Calls to Go are not ordered, and the last one to begin ends the others: so one begins after the other.
      const turn = starting.then(() => (me === mine ? searchService.start($state.snapshot(query), filterNow()) : ''));
      starting = turn.catch(() => '');
      const started = await turn;
      if (me !== mine) return;
      id = started;
      for (;;) {
        const page = await searchService.next(started);
        if (me !== mine) return;
        merge(page.runs, page.hits);
        progress = page.progress;
        took = now() - began;
        if (page.done) { if (state === 'searching') state = page.full ? 'full' : 'done'; return; }
      }
    } catch (reason) {
      if (me !== mine) return;
      const e = ApiError.from(reason);
      state = 'failed';
      if (e.field === 'text') wrong = e.message;
      else base.setError(e);
    }
  }

  function narrow(change: Partial<Narrowing>): void {
    known = {
      vms: facets.vms.map((f) => f.value), commands: facets.commands.map((f) => f.value),
      statuses: facets.statuses.map((f) => f.value), streams: facets.streams.map((f) => f.value),
    };
    narrowing = { ...narrowing, ...change };
    void start();
  }

  return {
    get query() { return query; },
    get narrowing() { return narrowing; },
    get state() { return state; },
    get groups() { return groups; },
    get progress() { return progress; },
    get facets() { return facets; },
    /** How long it took so far, in milliseconds. */
    get took() { return took; },
    /** What is wrong with the expression; '' if nothing is. */
    get wrong() { return wrong; },
    get narrowed() { return narrowing.days > 0 || [narrowing.vms, narrowing.commands, narrowing.statuses, narrowing.streams].some((l) => l.length > 0); },
    start,
    /** Changes what is looked for. A new text has its own VMs and commands to narrow by. */
    look(change: Partial<TextQuery>) {
      query = { ...query, ...change };
      known = { vms: [...narrowing.vms], commands: [...narrowing.commands], statuses: [...narrowing.statuses], streams: [...narrowing.streams] };
      return start();
    },
    narrow,
    widen() { narrowing = everything; void start(); },
    /** Ends the search; what it found stays. */
    stop() {
      if (state !== 'searching') return;
      state = 'stopped';
      if (id) void searchService.stop(id).catch((reason) => base.setError(ApiError.from(reason)));
    },
    /** The lines around one that was found, without it. */
    async around(runId: string, line: number, count: number): Promise<Line[]> {
      const from = Math.max(1, line - count);
      const page = await logService.read(runId, from, line + count - from + 1);
      return page.lines.filter((l) => l.n !== line).map((l) => ({ ...l, text: stripAnsi(l.text) }));
    },
    /** Everything found, as text. */
    text: () => groups.flatMap(({ run, hits }) => hits.map((h) => `${run.jobNumber} ${run.vmName}:${h.line}: ${h.parts.join('')}`)).join('\n'),
  };
});
export type SearchStore = ReturnType<typeof createSearchStore>;
