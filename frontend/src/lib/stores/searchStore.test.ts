import { expect, test, vi } from 'vitest';
import { ApiError } from '../services/api/ApiError';
import type { SearchHit, SearchPage, SearchRun } from '../services/api/types';
import { createSearchStore } from './searchStore.svelte';

const run = (id: string, more: Partial<SearchRun> = {}): SearchRun => ({ id, jobId: `job-${id}`, jobNumber: 7, jobName: 'words', vmId: '', vmName: id, status: 'succeeded', createdAt: '2026-11-24T10:00:00Z', ...more });
const hit = (runId: string, line: number): SearchHit => ({ runId, line, stream: 'stdout', at: '2026-11-24T10:00:00Z', parts: ['a ', 'word', ` ${line}`], before: false, after: false });
const page = (more: Partial<SearchPage>): SearchPage => ({ runs: [], hits: [], progress: { lines: 0, runs: 0, searched: 0, total: 100 }, done: false, full: false, ...more });

/** A service whose pages a test hands out one by one. */
function fake() {
  const waiting: ((p: SearchPage) => void)[] = [];
  let n = 0;
  return {
    waiting,
    start: vi.fn(async () => `search-${++n}`),
    next: vi.fn(() => new Promise<SearchPage>((done) => { waiting.push(done); })),
    stop: vi.fn(async () => undefined),
  };
}
const settle = () => new Promise((done) => setTimeout(done));
const store = (searchService: ReturnType<typeof fake>) => createSearchStore({ searchService, logService: { read: vi.fn() } });

test('pages are put together by run, lines in order, and counted', async () => {
  const service = fake();
  const s = store(service);
  void s.look({ text: 'word' });
  await settle();
  service.waiting.shift()?.(page({ runs: [run('web-2'), run('web-1', { status: 'failed' })], hits: [hit('web-2', 9), hit('web-1', 1)], progress: { lines: 2, runs: 2, searched: 40, total: 100 } }));
  await settle();
  expect(s.state).toBe('searching');
  service.waiting.shift()?.(page({ hits: [hit('web-2', 3)], progress: { lines: 3, runs: 2, searched: 100, total: 100 }, done: true }));
  await settle();
  expect(s.state).toBe('done');
  expect(s.groups.map((g) => [g.run.id, g.hits.map((h) => h.line)])).toEqual([['web-2', [3, 9]], ['web-1', [1]]]);
  expect(s.facets.vms).toEqual([{ value: 'web-2', lines: 2 }, { value: 'web-1', lines: 1 }]);
  expect(s.text()).toBe('7 web-2:3: a word 3\n7 web-2:9: a word 9\n7 web-1:1: a word 1');
});

test('a new text leaves nothing of the old one, and calls begin one after the other', async () => {
  const service = fake();
  const s = store(service);
  void s.look({ text: 'one' });
  void s.look({ text: 'two' });
  await settle();
  expect(service.start.mock.calls.map((c) => (c as unknown as [{ text: string }])[0].text)).toEqual(['two']);
  void s.look({ text: 'three' });
  await settle();
  expect(service.stop).toHaveBeenCalledWith('search-1');
  service.waiting.shift()?.(page({ runs: [run('old')], hits: [hit('old', 1)], done: true }));
  await settle();
  expect(s.groups).toEqual([]);
  expect(s.state).toBe('searching');
});

test('narrowing searches anew and keeps what there was to choose; stop keeps what was found', async () => {
  const service = fake();
  const s = store(service);
  void s.look({ text: 'word' });
  await settle();
  service.waiting.shift()?.(page({ runs: [run('web-1'), run('web-2')], hits: [hit('web-1', 1), hit('web-2', 1)], done: true }));
  await settle();
  s.narrow({ vms: ['web-1'] });
  await settle();
  expect(service.start.mock.lastCall).toMatchObject([{ text: 'word' }, { vmNames: ['web-1'] }]);
  service.waiting.shift()?.(page({ runs: [run('web-1')], hits: [hit('web-1', 1)] }));
  await settle();
  expect(s.facets.vms).toEqual([{ value: 'web-1', lines: 1 }, { value: 'web-2', lines: 0 }]);
  s.stop();
  service.waiting.shift()?.(page({ done: true }));
  await settle();
  expect(s.state).toBe('stopped');
  expect(s.groups).toHaveLength(1);
  expect(s.narrowed).toBe(true);
});

test('an expression without meaning is told at the field, any other failure as itself', async () => {
  const service = fake();
  const s = store(service);
  service.start.mockRejectedValueOnce(new ApiError({ code: 'invalid', field: 'text', message: 'missing )' }));
  await s.look({ text: '(', regex: true });
  expect([s.state, s.wrong, s.error]).toEqual(['failed', 'missing )', null]);
  service.start.mockRejectedValueOnce(new ApiError({ code: 'database', message: 'damaged' }));
  await s.look({ text: 'x' });
  expect([s.wrong, s.error?.message]).toEqual(['', 'damaged']);
  await s.look({ text: '' });
  expect([s.state, s.error]).toEqual(['idle', null]);
});
