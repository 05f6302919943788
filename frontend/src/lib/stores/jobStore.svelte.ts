import { ApiError } from '../services/api/ApiError';
import type { JobAPIService } from '../services/api/JobAPIService';
import { finished, type Job, type JobDetail, type JobFilter, type JobPage, type JobStats, type Removal, type Run, type StartJob, type Status, type UsageQuery } from '../services/api/types';
import type { JobWebSocketService } from '../services/events/JobWebSocketService';
import type { WebSocketManager } from '../services/events/WebSocketManager';
import { span, type When } from '../utils/span';
import { createStoreFactory } from './base.svelte';

interface Dependencies {
  jobService: Pick<JobAPIService, 'start' | 'stop' | 'stopRun' | 'retry' | 'get' | 'list' | 'stats' | 'setStarred' | 'delete' | 'restore' | 'deleteMany' | 'restoreMany' | 'usage' | 'compare' | 'fold'>;
  jobEvents: Pick<JobWebSocketService, 'onJobChanged' | 'onGap'>;
  events: Pick<WebSocketManager, 'on'>;
}

/** Jobs of a page: three screens. */
const PAGE = 100;
/** Tabs beyond this many finished jobs go, oldest first: the history has them. */
const MAX_TABS = 12;
/** Counting begins this long after its page came: it takes a processor, which the page needs to be painted. */
const COUNT_AFTER_MS = 60;
/** Jobs without a tab whose last events are kept, for the moment until the reply to their start comes. */
const MAX_EARLY = 20;

export interface HistoryFilter { text: string; status: Status | ''; commandId: string; vmIds: string[]; origin: '' | 'window' | 'cli'; when: When; from: string; to: string; starred: boolean }

export const emptyFilter: HistoryFilter = { text: '', status: '', commandId: '', vmIds: [], origin: '', when: '', from: '', to: '', starred: false };

/** Whether it leaves anything out. */
export const isFiltered = (f: HistoryFilter) => f.text !== '' || f.status !== '' || f.origin !== '' || f.vmIds.length > 0 || f.commandId !== '' || f.when !== '' || f.starred;

/** Jobs that were started or opened here (a tab each), and the history read page by page. */
export const createJobStore = createStoreFactory((base, { jobService, jobEvents, events }: Dependencies) => {
  let open = $state.raw<JobDetail[]>([]);
  let activeId = $state<string | null>(null);
  let stopping = $state.raw<ReadonlySet<string>>(new Set());

  let history = $state.raw<Job[]>([]);
  let stats = $state.raw<JobStats>({ total: 0, counts: {} });
  let counting = $state(false);
  let removed = $state.raw<Removal | null>(null);
  let next = '';
  let more = $state(false);
  let historyLoaded = $state(false);
  let filter = $state.raw<HistoryFilter>(emptyFilter);
  let filtered = $state(false);
  let reading = 0;
  let asking = 0; // reads of the history that are under way

  // Events may come before the reply that tells of their job: a short job can have ended by then.
  const early = new Map<string, { job: Job; runs: Map<string, Run> }>();

  function remember(job: Job, runs: Run[]): void {
    const known = early.get(job.id) ?? { job, runs: new Map<string, Run>() };
    if (!finished(known.job.status) || finished(job.status)) known.job = job;
    for (const run of runs) known.runs.set(run.id, newer(known.runs.get(run.id), run));
    early.delete(job.id);
    early.set(job.id, known);
    for (const id of early.keys()) if (early.size > MAX_EARLY) early.delete(id);
  }

  const active = $derived(open.find((d) => d.job.id === activeId) ?? null);
  const running = $derived(open.filter((d) => !finished(d.job.status)));

  function put(detail: JobDetail): void {
    const i = open.findIndex((d) => d.job.id === detail.job.id);
    const old = open[i];
    const known = early.get(detail.job.id);
    early.delete(detail.job.id);
    if (old) {
      const job = finished(old.job.status) && !finished(detail.job.status) ? old.job : detail.job;
      const before = new Map(old.runs.map((r) => [r.id, r]));
      const now = { job, runs: detail.runs.map((r) => newer(before.get(r.id), r)) };
      open = open.map((d, at) => (at === i ? now : d));
    } else {
      open = [...open, known ? merge(detail, known.job, [...known.runs.values()]) : detail];
    }
    for (let over = open.filter((d) => finished(d.job.status)); over.length > MAX_TABS; over = over.slice(1)) {
      const oldest = over[0];
      if (oldest && oldest.job.id !== activeId) open = open.filter((d) => d !== oldest);
      else break;
    }
  }

  /** A run never leaves a finished state, whatever order events come in. */
  function newer(old: Run | undefined, now: Run): Run {
    return old && finished(old.status) && !finished(now.status) ? old : now;
  }

  function merge(detail: JobDetail, job: Job, runs: Run[]): JobDetail {
    const changed = new Map(runs.map((r) => [r.id, r]));
    return {
      job: finished(detail.job.status) && !finished(job.status) ? detail.job : job,
      runs: detail.runs.map((r) => newer(r, changed.get(r.id) ?? r)),
    };
  }

  const query = (cursor: string): JobFilter => ({
    vmIds: filter.vmIds, vmName: '', commandId: filter.commandId, statuses: filter.status ? [filter.status] : [], text: filter.text,
    origin: filter.origin, cursor, limit: PAGE, ...span(filter.when, filter.from, filter.to), ...(filter.starred ? { starred: true } : {}),
  });

  async function list(): Promise<JobPage | undefined> {
    asking++;
    try {
      return await base.load(() => jobService.list(query('')));
    } finally {
      asking--;
    }
  }

  async function loadHistory(): Promise<void> {
    const mine = ++reading;
    const asked = filter;
    const page = await list();
    if (!page || mine !== reading) return;
    take(page, []);
    filtered = isFiltered(asked);
    if (!historyLoaded) void reattach(page.jobs);
    historyLoaded = true;
  }

  /** Reads the newest page again; older ones that were read stay, so that the list doesn't jump under the person. */
  async function refreshHistory(): Promise<void> {
    const mine = ++reading;
    const page = await list();
    if (!page || mine !== reading) return;
    const end = page.jobs.at(-1)?.number ?? 0;
    take(page, page.next ? history.filter((j) => j.number < end) : []);
  }

  function take(page: JobPage, older: Job[]): void {
    history = [...page.jobs, ...older];
    counting = !page.stats;
    if (page.stats) stats = page.stats;
    else void recount();
    if (older.length === 0) next = page.next;
    more = next !== '';
    if (!more && page.next === '') removed = page.removed ?? null;
  }

  /** Counting takes longer than reading a page: the page is shown, and its counts when they are there. */
  async function recount(): Promise<void> {
    const mine = reading;
    await new Promise((painted) => setTimeout(painted, COUNT_AFTER_MS));
    if (mine !== reading) return; // of what is shown by now, others count
    try {
      const counted = await jobService.stats(query(''));
      if (mine === reading) stats = counted;
    } catch (reason) {
      if (mine === reading) base.setError(ApiError.from(reason));
    } finally {
      if (mine === reading) counting = false;
    }
  }

  /** After a reload of the window, what still runs has its tab again. */
  async function reattach(jobs: Job[]): Promise<void> {
    for (const job of jobs.filter((j) => !finished(j.status) && j.origin === 'window').slice(0, MAX_TABS).reverse()) {
      const detail = await jobService.get(job.id).catch(() => null);
      if (!detail) continue;
      put(detail);
      activeId ??= detail.job.id;
    }
  }

  async function refreshOpen(): Promise<void> {
    for (const d of open) {
      const now = await base.load(() => jobService.get(d.job.id));
      if (now) put(now);
    }
  }

  let refresh: ReturnType<typeof setTimeout> | undefined;
  function historySoon(): void {
    refresh ??= setTimeout(() => { refresh = undefined; void refreshHistory(); }, 300);
  }

  /** Takes a job's change into the history, which is read again only where that can't tell what comes of it. */
  function changed(job: Job): void {
    const old = history.find((j) => j.id === job.id);
    if (old && finished(old.status) && !finished(job.status)) return; // told too late
    if (old) history = history.map((j) => (j === old ? job : j));
    if (old?.status === job.status) return;
    const newest = job.number > (history[0]?.number ?? 0);
    if (!historyLoaded || asking > 0 || counting || filtered || isFiltered(filter) || (!old && !newest)) {
      historySoon();
      return;
    }
    if (!old) history = [job, ...history];
    const counts = { ...stats.counts, [job.status]: (stats.counts[job.status] ?? 0) + 1 };
    if (old) counts[old.status] = Math.max(0, (counts[old.status] ?? 0) - 1);
    stats = { total: stats.total + (old ? 0 : 1), counts };
  }

  const stops = [
    jobEvents.onJobChanged((e) => {
      const detail = open.find((d) => d.job.id === e.job.id);
      if (detail) put(merge(detail, e.job, e.runs));
      else remember(e.job, e.runs);
      changed(e.job);
    }),
    jobEvents.onGap(() => { void refreshOpen(); historySoon(); }),
    events.on('app:reset', () => { open = []; activeId = null; history = []; historyLoaded = false; early.clear(); reading++; }),
  ];

  return {
    get open() { return open; },
    get active() { return active; },
    get activeId() { return activeId; },
    get running() { return running; },
    get stopping() { return stopping; },
    get history() { return history; },
    /** What ended last before this window: its panes are made with it before they are needed. */
    get earlier() { return history.find((j) => finished(j.status) && Date.parse(j.createdAt) < performance.timeOrigin); },
    get stats() { return stats; },
    /** What retention took out last: it stands at the end of the history. */
    get removed() { return removed; },
    /** The counts are still those of what was shown before. */
    get counting() { return counting; },
    get more() { return more; },
    get historyLoaded() { return historyLoaded; },
    get filter() { return filter; },
    /** Whether what is shown leaves anything out: the filter may be changed already and its jobs not there yet. */
    get filtered() { return filtered; },
    activate(id: string) { activeId = id; },
    closeTab(id: string) {
      const i = open.findIndex((d) => d.job.id === id);
      open = open.filter((d) => d.job.id !== id);
      if (activeId === id) activeId = open[Math.min(i, open.length - 1)]?.job.id ?? null;
    },
    /** Rejects with an ApiError. */
    async start(request: StartJob): Promise<JobDetail> {
      const detail = await jobService.start(request);
      put(detail);
      activeId = detail.job.id;
      return detail;
    },
    async openJob(id: string): Promise<void> {
      const detail = await base.load(() => jobService.get(id));
      if (!detail) return;
      put(detail);
      activeId = detail.job.id;
    },
    getJob: (id: string) => jobService.get(id),
    /** secrets are those that the job names, but for those that the keychain has: `kept` names these. */
    async retry(id: string, failedOnly: boolean, secrets: Record<string, string> = {}, kept: string[] = []): Promise<void> {
      const detail = await jobService.retry(id, failedOnly, secrets, kept);
      put(detail);
      activeId = detail.job.id;
    },
    /** Asks for a stop; what came of it is in each run's stopResult. */
    async stop(jobId: string): Promise<void> {
      stopping = new Set(stopping).add(jobId);
      try {
        await jobService.stop(jobId);
        await refreshOpen();
      } finally {
        stopping = new Set([...stopping].filter((id) => id !== jobId));
      }
    },
    stopRun: (runId: string) => jobService.stopRun(runId),
    loadHistory,
    async loadMore(): Promise<void> {
      if (!more || base.loading) return;
      const mine = reading;
      const page = await base.load(() => jobService.list(query(next)));
      if (!page || mine !== reading) return;
      const end = history.at(-1)?.number ?? Infinity;
      history = [...history, ...page.jobs.filter((j) => j.number < end)];
      next = page.next;
      more = next !== '';
      if (!more) removed = page.removed ?? null;
    },
    setFilter(change: Partial<HistoryFilter>) { filter = { ...filter, ...change }; void loadHistory(); },
    clearFilter() { filter = emptyFilter; void loadHistory(); },
    async setStarred(id: string, on: boolean) {
      await jobService.setStarred(id, on);
      history = history.map((j) => (j.id === id ? { ...j, starred: on } : j));
      await refreshHistory();
    },
    async deleteJob(id: string) {
      await jobService.delete(id);
      history = history.filter((j) => j.id !== id);
      await refreshHistory();
    },
    /** All of them, or none when one still runs. */
    async deleteJobs(ids: string[]) {
      await jobService.deleteMany(ids);
      const gone = new Set(ids);
      history = history.filter((j) => !gone.has(j.id));
      await refreshHistory();
    },
    async restoreJobs(ids: string[]) { await jobService.restoreMany(ids); await loadHistory(); },
    usage: (query: Partial<UsageQuery>) => jobService.usage({ commandId: '', script: '', vmId: '', vmName: '', ...query }),
    /** Jobs that fit a text, for the palette; the filter of the history isn't touched. */
    async findJobs(text: string, limit: number) { return (await jobService.list({ vmIds: [], vmName: '', commandId: '', statuses: [], text, origin: '', cursor: '', limit })).jobs; },
    /** The ids of a job's finished runs that ended alike and wrote the same, in groups, the biggest first. Rejects with an ApiError. */
    fold: (jobId: string) => jobService.fold(jobId),
    compare: (runId: string, against = '') => jobService.compare(runId, against),
    async restoreJob(id: string) { await jobService.restore(id); await loadHistory(); },
    destroy() { clearTimeout(refresh); for (const stop of stops) stop(); },
  };
});
export type JobStore = ReturnType<typeof createJobStore>;
