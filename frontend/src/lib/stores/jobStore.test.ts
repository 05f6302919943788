import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aDetail, aJob, aRun, fakeEvents } from './fakes';
import { createJobStore } from './jobStore.svelte';

const page = (jobs = [aJob('j')], next = '') => ({ jobs, next, stats: next ? null : { total: jobs.length, counts: {} } });

function setUp() {
  const events = fakeEvents();
  const jobService = {
    start: vi.fn(async () => aDetail('j')), stop: vi.fn(async () => {}), stopRun: vi.fn(async () => {}), retry: vi.fn(async () => aDetail('again')),
    get: vi.fn(async (id: string) => aDetail(id)), list: vi.fn(async () => page()), stats: vi.fn(async () => ({ total: 1, counts: {} as Record<string, number> })), setStarred: vi.fn(async () => {}), delete: vi.fn(async () => {}), restore: vi.fn(async () => {}),
    deleteMany: vi.fn(async () => {}), restoreMany: vi.fn(async () => {}), usage: vi.fn(), compare: vi.fn(), fold: vi.fn(),
  };
  return { events, jobService, store: createJobStore({ jobService, jobEvents: events, events }) };
}
const request = { commandId: '', script: 'true', name: '', kind: 'ssh', values: {}, secrets: {}, kept: [], vmIds: ['a'], adhoc: [] };

describe('jobStore', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it('opens a tab for what it starts', async () => {
    const { store } = setUp();
    await store.start(request);
    expect(store.active?.job.id).toBe('j');
    expect(store.running).toHaveLength(1);
  });

  it('never takes a finished run or job back to running, whatever order events come in', async () => {
    const { store, events } = setUp();
    await store.start(request);
    events.send('job:changed', { job: aJob('j', { status: 'succeeded' }), runs: [aRun('r1', { status: 'succeeded', exitCode: 0 })] });
    events.send('job:changed', { job: aJob('j', { status: 'running' }), runs: [aRun('r1', { status: 'running' })] });
    expect(store.active?.job.status).toBe('succeeded');
    expect(store.active?.runs[0]?.status).toBe('succeeded');
  });

  it('reads a filtered history again for a job it does not know, once for many events', async () => {
    const { store, events, jobService } = setUp();
    store.setFilter({ status: 'running' });
    await vi.advanceTimersByTimeAsync(1);
    for (const id of ['x', 'y', 'z']) events.send('job:changed', { job: aJob(id), runs: [] });
    await vi.advanceTimersByTimeAsync(400);
    expect(jobService.list).toHaveBeenCalledTimes(2);
  });

  it('puts a new job on top of the whole history and counts its changes, without reading it again', async () => {
    const { store, events, jobService } = setUp();
    jobService.list.mockResolvedValueOnce({ jobs: [aJob('a', { number: 1, status: 'failed' })], next: '', stats: { total: 1, counts: { failed: 1 } } } as never);
    await store.loadHistory();
    for (const status of ['queued', 'running', 'succeeded', 'running'] as const) events.send('job:changed', { job: aJob('b', { number: 2, status }), runs: [] });
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.history.map((j) => [j.number, j.status])).toEqual([[2, 'succeeded'], [1, 'failed']]);
    expect(store.stats).toEqual({ total: 2, counts: { failed: 1, queued: 0, running: 0, succeeded: 1 } });
    expect(jobService.list).toHaveBeenCalledTimes(1);
  });

  it('reads the history again where an event came while it was being read, or tells of a job between others', async () => {
    const { store, events, jobService } = setUp();
    const jobs = [aJob('a', { number: 5 })];
    jobService.list.mockResolvedValueOnce(page(jobs));
    const loading = store.loadHistory();
    events.send('job:changed', { job: aJob('b', { number: 6 }), runs: [] });
    await loading;
    await vi.advanceTimersByTimeAsync(400);
    expect(jobService.list).toHaveBeenCalledTimes(2);
    events.send('job:changed', { job: aJob('old', { number: 0 }), runs: [] });
    await vi.advanceTimersByTimeAsync(400);
    expect(jobService.list).toHaveBeenCalledTimes(3);
  });

  it('reads open jobs again after a gap', async () => {
    const { store, events, jobService } = setUp();
    await store.start(request);
    jobService.get.mockResolvedValueOnce(aDetail('j', { status: 'failed' }, [aRun('r1', { status: 'failed' })]));
    events.gap();
    await vi.advanceTimersByTimeAsync(1);
    expect(store.active?.job.status).toBe('failed');
  });

  it('knows what retention removed once the end of the history is read', async () => {
    const { store, jobService } = setUp();
    const removed = { at: '2026-11-01T00:00:00Z', jobs: 3, bytes: 2_000_000, why: 'age' };
    jobService.list.mockResolvedValueOnce(page([aJob('b', { number: 2 })], '2')).mockResolvedValueOnce({ ...page([aJob('a', { number: 1 })]), removed } as never);
    await store.loadHistory();
    expect(store.removed).toBeNull();
    await store.loadMore();
    expect(store.removed).toEqual(removed);
  });

  it('shows a page before its counts, and never the counts of an older question', async () => {
    const { store, jobService } = setUp();
    let late: (s: { total: number; counts: Record<string, number> }) => void = () => {};
    jobService.list.mockResolvedValue(page([aJob('a')], '1'));
    jobService.stats.mockImplementationOnce(() => new Promise((done) => { late = done; })).mockResolvedValueOnce({ total: 7, counts: {} });
    await store.loadHistory();
    expect(store.history).toHaveLength(1);
    expect(store.counting).toBe(true);
    expect(jobService.stats).not.toHaveBeenCalled(); // the page is painted first
    await vi.advanceTimersByTimeAsync(100);
    store.setFilter({ text: 'x' });
    await vi.advanceTimersByTimeAsync(100);
    late({ total: 99, counts: {} });
    await vi.advanceTimersByTimeAsync(1);
    expect(store.stats.total).toBe(7);
    expect(store.counting).toBe(false);
    jobService.stats.mockRejectedValueOnce(new Error('gone'));
    await store.loadHistory();
    await vi.advanceTimersByTimeAsync(100);
    expect(store.error?.message).toBe('The app did not answer');
    expect(store.counting).toBe(false);
    // What is shown no more is not counted.
    jobService.stats.mockClear();
    store.setFilter({ text: 'xy' });
    await vi.advanceTimersByTimeAsync(1);
    store.setFilter({ text: 'xyz' });
    await vi.advanceTimersByTimeAsync(200);
    expect(jobService.stats).toHaveBeenCalledTimes(1);
  });

  it('says of what is shown whether it is filtered, not of what was asked for', async () => {
    const { store, jobService } = setUp();
    let answer: (p: ReturnType<typeof page>) => void = () => {};
    jobService.list.mockResolvedValueOnce(page([]));
    store.setFilter({ text: 'nothing' });
    await vi.advanceTimersByTimeAsync(1);
    expect(store.filtered).toBe(true);
    jobService.list.mockImplementationOnce(() => new Promise((done) => { answer = done; }));
    store.clearFilter();
    await vi.advanceTimersByTimeAsync(1);
    expect([store.history.length, store.filtered]).toEqual([0, true]); // not "every job you run is kept here"
    answer(page());
    await vi.advanceTimersByTimeAsync(1);
    expect([store.history.length, store.filtered]).toEqual([1, false]);
  });

  it('an older answer never overwrites a newer filter', async () => {
    const { store, jobService } = setUp();
    let late: (p: ReturnType<typeof page>) => void = () => {};
    jobService.list.mockImplementationOnce(() => new Promise((done) => { late = done; }));
    store.setFilter({ text: 'slow' });
    jobService.list.mockResolvedValueOnce(page([aJob('new')]));
    store.setFilter({ text: 'new' });
    await vi.advanceTimersByTimeAsync(1);
    late(page([aJob('old')]));
    await vi.advanceTimersByTimeAsync(1);
    expect(store.history.map((j) => j.id)).toEqual(['new']);
  });

  it('appends the next page without doubles', async () => {
    const { store, jobService } = setUp();
    jobService.list.mockResolvedValueOnce(page([aJob('1', { number: 3 }), aJob('2', { number: 2 })], 'cursor'));
    await store.loadHistory();
    jobService.list.mockResolvedValueOnce(page([aJob('2', { number: 2 }), aJob('3', { number: 1 })]));
    await store.loadMore();
    expect(store.history.map((j) => j.id)).toEqual(['1', '2', '3']);
    expect(store.more).toBe(false);
  });

  it('keeps a failure to be shown, and the list it had', async () => {
    const { store, jobService } = setUp();
    await store.loadHistory();
    jobService.list.mockRejectedValueOnce(new Error('{"code":"database","message":"no database","hint":"Retry."}'));
    await store.loadHistory();
    expect(store.error?.code).toBe('database');
    expect(store.history).toHaveLength(1);
  });

  it('knows the end of a job that was over before the reply to its start', async () => {
    const { store, events, jobService } = setUp();
    jobService.start.mockImplementationOnce(async () => {
      events.send('job:changed', { job: aJob('j', { status: 'running' }), runs: [aRun('r1', { status: 'running' })] });
      events.send('job:changed', { job: aJob('j', { status: 'failed' }), runs: [aRun('r1', { status: 'failed', exitCode: 3 })] });
      return aDetail('j', { status: 'queued' });
    });
    await store.start(request);
    expect(store.active?.job.status).toBe('failed');
    expect(store.active?.runs[0]?.exitCode).toBe(3);
    expect(store.running).toHaveLength(0);
  });

  it('gives what still runs its tab again after a reload', async () => {
    const { store, jobService } = setUp();
    jobService.list.mockResolvedValueOnce(page([aJob('a', { status: 'running' }), aJob('b', { status: 'running', origin: 'cli' }), aJob('c', { status: 'succeeded' })]));
    await store.loadHistory();
    await vi.advanceTimersByTimeAsync(1);
    expect(store.open.map((d) => d.job.id)).toEqual(['a']);
    expect(store.activeId).toBe('a');
  });

  it('keeps the pages that were read when something changes', async () => {
    const { store, events, jobService } = setUp();
    const jobs = (...numbers: number[]) => numbers.map((number) => aJob(`j${number}`, { number, status: 'succeeded' }));
    jobService.list.mockResolvedValueOnce(page(jobs(9, 8), 'after 8'));
    await store.loadHistory();
    jobService.list.mockResolvedValueOnce(page(jobs(7, 6), 'after 6'));
    await store.loadMore();
    jobService.list.mockResolvedValueOnce(page(jobs(10, 9), 'after 9'));
    events.gap();
    await vi.advanceTimersByTimeAsync(400);
    expect(store.history.map((j) => j.number)).toEqual([10, 9, 8, 7, 6]);
    jobService.list.mockResolvedValueOnce(page(jobs(5)));
    await store.loadMore();
    expect(jobService.list).toHaveBeenLastCalledWith(expect.objectContaining({ cursor: 'after 6' }));
  });

  it('closes a tab and shows its neighbour', async () => {
    const { store, jobService } = setUp();
    await store.start(request);
    jobService.start.mockResolvedValueOnce(aDetail('k'));
    await store.start(request);
    store.closeTab('k');
    expect(store.activeId).toBe('j');
    store.closeTab('j');
    expect(store.active).toBeNull();
  });

  it('stops listening when it is destroyed', () => {
    const { store, events } = setUp();
    store.destroy();
    expect(events.listening('job:changed')).toBe(0);
  });
});
