import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../services/api/ApiError';
import type { FindPage, Line, LogPage, TextQuery } from '../services/api/types';
import type { AppEvents } from '../services/events/WebSocketManager';
import { createLogStore } from './logStore.svelte';
import { createMatches } from './logFind.svelte';
import { MAX_LINES } from './logView.svelte';

const at = '2026-11-24T12:00:00.000Z';
const line = (n: number, size = 20): Line => ({ n, stream: 'stdout', at, text: `line ${n}`.padEnd(size, '.'), len: size });

/** A run as Go gives it: at most 8 KB a reply, always one line. */
function fakeRun(count: number, size = 20) {
  const run = {
    last: count, done: false, reads: [] as [number, number][], inFlight: 0, most: 0, fail: 0, hold: null as Promise<void> | null,
    async read(_runId: string, from: number, ask: number): Promise<LogPage> {
      run.reads.push([from, ask]);
      run.most = Math.max(run.most, ++run.inFlight);
      await (run.hold ?? Promise.resolve());
      run.inFlight--;
      if (run.fail-- > 0) throw new ApiError({ code: 'database', message: 'no' });
      const first = from < 0 ? Math.max(1, run.last + from + 1) : from;
      const lines: Line[] = [];
      for (let n = first, used = 0; n <= run.last && lines.length < ask; n++) {
        used += size;
        if (used > 8192 && lines.length > 0) break;
        lines.push(line(n, size));
      }
      return { runId: 'r', from: first, lines, last: run.last, open: [], notices: [], done: run.done } as LogPage;
    },
    finds: [] as number[],
    /** Every tenth line matches; a call looks at a thousand. */
    async find(_runId: string, query: TextQuery, from: number): Promise<FindPage> {
      run.finds.push(from);
      if (query.text === '(') throw new ApiError({ code: 'invalid', field: 'text', message: 'not closed' });
      const lines: number[] = [];
      const to = Math.min(run.last, from + 999);
      for (let n = from; n <= to; n++) if (n % 10 === 0) lines.push(n);
      return { lines, next: to + 1, done: to >= run.last };
    },
  };
  return run;
}

function setUp(run = fakeRun(0)) {
  let log: (e: AppEvents['log:lines']) => void = () => {};
  let job: (e: AppEvents['job:changed']) => void = () => {};
  let gap: () => void = () => {};
  const frames: (() => void)[] = [];
  const watch = vi.fn(async () => {});
  const store = createLogStore({
    logService: { read: run.read, find: run.find, line: async () => ({ text: 'whole', total: 5 }), watch },
    jobEvents: { onJobLog: (f) => { log = f; return () => {}; }, onJobChanged: (f) => { job = f; return () => {}; }, onGap: (f) => { gap = f; return () => {}; } },
    frame: (f) => { frames.push(f); },
  });
  const view = store.view('r');
  view.look(1, 40);
  const event = (from: number, to: number, last = to, runId = 'r', done = false) => log({
    epoch: 'e', seq: 1, runId, from, lines: Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => line(from + i)), open: [], last, done,
  });
  return { store, view, run, watch, frames, event, gap: () => gap(), job: (e: AppEvents['job:changed']) => job(e) };
}

const settle = () => vi.advanceTimersByTimeAsync(1);

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

describe('a view that follows', () => {
  it('reads nothing until it is shown, and nothing any more when it is hidden', async () => {
    const { view, run, event, watch } = setUp(fakeRun(100));
    await settle();
    event(1, 10);
    expect(run.reads).toEqual([]);
    expect(view.last).toBe(0);
    view.show(true);
    await settle();
    expect(view.tail).toBe(100);
    expect(watch).toHaveBeenLastCalledWith(['r']);
    const before = run.reads.length;
    view.show(false);
    event(101, 110);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.reads.length).toBe(before);
    expect(view.last).toBe(100);
    expect(watch).toHaveBeenLastCalledWith([]);
  });

  it('appends what connects without reading', async () => {
    const { view, run, event } = setUp(fakeRun(50));
    view.show(true);
    await settle();
    const before = run.reads.length;
    event(51, 60);
    event(61, 62);
    expect(view.tail).toBe(62);
    expect(view.line(51)?.text).toContain('line 51');
    expect(run.reads.length).toBe(before);
  });

  it('reads a gap by cursor, in replies of any size, one call in flight', async () => {
    const { view, run, event } = setUp(fakeRun(50, 1000));
    view.show(true);
    await settle();
    run.last = 90;
    for (let i = 0; i < 20; i++) event(88, 90);
    await vi.advanceTimersByTimeAsync(1000);
    expect(view.tail).toBe(90);
    for (let n = 51; n <= 90; n++) expect(view.line(n)?.n).toBe(n);
    expect(run.most).toBe(1);
  });

  it('far behind, it jumps to the tail and reads only a screen', async () => {
    const { view, run, event } = setUp(fakeRun(50));
    view.show(true);
    await settle();
    const before = run.reads.length;
    run.last = 5_000_000;
    event(4_999_990, 5_000_000);
    await vi.advanceTimersByTimeAsync(500);
    expect(view.tail).toBe(5_000_000);
    expect(run.reads.length - before).toBeLessThan(3);
    expect(view.size).toBeLessThan(500);
  });

  it('never shows a screen with holes while a fast stream outruns it', async () => {
    const { view, run, event } = setUp(fakeRun(1000, 1000));
    view.show(true);
    await vi.advanceTimersByTimeAsync(200);
    for (let i = 0; i < 100; i++) {
      run.last += 5000;
      event(run.last - 5, run.last);
      await vi.advanceTimersByTimeAsync(50);
      for (let n = view.tail - 39; n <= view.tail; n++) expect(view.line(n)).toBeDefined();
    }
    expect(view.tail).toBeGreaterThan(400_000);
    run.done = true;
    event(run.last - 5, run.last, run.last, 'r', true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(view.tail).toBe(run.last);
    expect(view.done).toBe(true);
  });

  it('does without the order of events, without some of them, and with some twice', async () => {
    const { view, run, event } = setUp(fakeRun(0));
    view.show(true);
    await settle();
    run.last = 30;
    event(21, 30);
    event(1, 10, 10);
    event(1, 10, 10);
    await vi.advanceTimersByTimeAsync(500);
    expect(view.tail).toBe(30);
    for (let n = 1; n <= 30; n++) expect(view.line(n)?.n).toBe(n);
  });

  it('finds the end of a run whose last event was lost', async () => {
    const { view, run } = setUp(fakeRun(10));
    view.show(true);
    await settle();
    run.last = 12;
    run.done = true;
    await vi.advanceTimersByTimeAsync(3500);
    expect([view.tail, view.done]).toEqual([12, true]);
    const before = run.reads.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(run.reads.length).toBe(before);
  });

  it('reads again after lost events and when its run changed', async () => {
    const { view, run, gap, job, watch } = setUp(fakeRun(10));
    view.show(true);
    await settle();
    run.last = 20;
    gap();
    await settle();
    expect(view.tail).toBe(20);
    expect(watch).toHaveBeenCalledTimes(2);
    run.last = 25;
    job({ epoch: 'e', seq: 2, job: {}, runs: [{ id: 'r' }] } as unknown as AppEvents['job:changed']);
    await settle();
    expect(view.tail).toBe(25);
  });

  it('draws once per frame however much comes', async () => {
    const { view, event, frames } = setUp(fakeRun(0));
    view.show(true);
    await settle();
    frames.splice(0).forEach((f) => f());
    const before = view.version;
    for (let i = 0; i < 50; i++) event(i + 1, i + 1);
    expect(frames.length).toBe(1);
    frames.splice(0).forEach((f) => f());
    expect(view.version).toBe(before + 1);
  });
});

describe('a view that is scrolled up', () => {
  it('stays where it is, counts what is new, and catches up when it follows again', async () => {
    const { view, run, event } = setUp(fakeRun(100));
    view.show(true);
    await settle();
    view.follow(false);
    view.look(20, 40);
    run.last = 228;
    event(165, 228);
    await settle();
    expect([view.tail, view.unseen]).toEqual([100, 128]);
    view.follow(true);
    await vi.advanceTimersByTimeAsync(200);
    expect([view.tail, view.unseen]).toEqual([228, 0]);
  });

  it('reads what is looked at, and keeps a bounded number of lines', async () => {
    const { view, run } = setUp(fakeRun(50_000_000));
    view.show(true);
    await settle();
    view.follow(false);
    view.look(25_000_000, 40);
    await vi.advanceTimersByTimeAsync(100);
    for (let n = 25_000_000; n < 25_000_040; n++) expect(view.line(n)?.n).toBe(n);
    for (let from = 1; from < 30_000; from += 40) {
      view.look(from, 40);
      await vi.advanceTimersByTimeAsync(1);
      expect(view.line(from)?.n).toBe(from);
      expect(view.size).toBeLessThanOrEqual(MAX_LINES + 512);
    }
    expect(run.most).toBe(1);
  });
});

describe('errors', () => {
  it('are told, and tried again', async () => {
    const { view, run } = setUp(fakeRun(10));
    run.fail = 1;
    view.show(true);
    await settle();
    expect(view.error?.code).toBe('database');
    await vi.advanceTimersByTimeAsync(2500);
    expect([view.error, view.tail]).toEqual([null, 10]);
  });

  it('a reply that lacks what was asked for makes no endless loop', async () => {
    const run = fakeRun(100);
    const read = run.read;
    run.read = async (id, from, count) => (from > 0 && from <= 100 ? { ...(await read(id, from, count)), lines: [] } : read(id, from, count));
    const { view } = setUp(run);
    view.show(true);
    await settle();
    view.follow(false);
    view.look(1, 40);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.reads.length).toBeLessThan(20);
  });

  it('a closed view neither reads nor draws', async () => {
    const { store, view, run, frames } = setUp(fakeRun(10));
    let release = () => {};
    run.hold = new Promise((done) => { release = done; });
    view.show(true);
    store.close(view);
    release();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.reads.length).toBe(1);
    expect(frames.length).toBe(0);
  });
});

it('follows a run of another process, which sends no events, once a second', async () => {
  const { view, run } = setUp(fakeRun(10));
  view.show(true);
  await settle();
  for (const last of [11, 60, 400]) {
    run.last = last;
    await vi.advanceTimersByTimeAsync(1200);
    expect(view.tail).toBe(last);
  }
  const before = run.reads.length;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(run.reads.length - before).toBeLessThanOrEqual(11);
});

it('gives text without the escapes in it, as it was on the screen', async () => {
  const run = fakeRun(2);
  const read = run.read;
  run.read = async (id, from, count) => {
    const page = await read(id, from, count);
    return { ...page, lines: page.lines.map((l) => ({ ...l, text: `\x1b[31mred\x1b[0m ${l.n}\x1b]0;title\x07` })), open: [{ stream: 'stdout', text: '\x1b[1m$ ' }] } as LogPage;
  };
  expect(await setUp(run).store.text({ runId: 'r', vms: undefined })).toEqual({ text: 'red 1\nred 2\n$ ', lines: 3 });
});

it('gives the text of a whole run', async () => {
  const { store } = setUp(fakeRun(1000, 100));
  const { text, lines } = await store.text({ runId: 'r', vms: undefined });
  expect(lines).toBe(1000);
  expect(text.split('\n').length).toBe(1000);
});

it('watches the runs that are shown, each once', async () => {
  const { store, view, watch } = setUp(fakeRun(1));
  const again = store.view('r');
  const other = store.view('s');
  for (const v of [view, again, other]) v.show(true);
  await settle();
  expect(watch).toHaveBeenLastCalledWith(['r', 's']);
  store.close(view);
  await settle();
  expect(watch).toHaveBeenCalledTimes(1);
  store.close(other);
  await settle();
  expect(watch).toHaveBeenLastCalledWith(['r']);
});

describe('find', () => {
  const word = { text: 'x', regex: false, case: false };

  it('looks through the whole log page by page, and on when it grows', async () => {
    const { store, view, run } = setUp(fakeRun(2500));
    view.show(true);
    await settle();
    const find = store.find(view);
    find.search(word, 1201);
    find.search({ ...word, text: 'xy' }, 1201);
    await vi.advanceTimersByTimeAsync(1000);
    expect(run.finds).toEqual([1, 1001, 2001]); // what was typed first is not looked for
    expect([find.count, find.searched, find.busy]).toEqual([250, 2500, false]);
    expect([find.current, find.line]).toEqual([121, 1210]); // from the screen on
    find.step(-1);
    expect(find.line).toBe(1200);
    for (let i = 0; i < 120; i++) find.step(-1);
    expect(find.line).toBe(2500); // round the end
    find.step(1);
    expect(find.line).toBe(10);
    run.last = 2600;
    view.refresh();
    await settle();
    find.grown();
    await settle();
    expect(find.count).toBe(260);
    expect([find.has(2600), find.has(2601), find.index(2595), find.at(260)]).toEqual([true, false, 260, 2600]);
  });

  it('a match before the screen is the current one if none comes after', async () => {
    const { store, view } = setUp(fakeRun(15));
    view.show(true);
    await settle();
    const find = store.find(view);
    find.search(word, 12);
    await vi.advanceTimersByTimeAsync(500);
    expect(find.line).toBe(10);
  });

  it('says what is wrong with a pattern and does not ask again', async () => {
    const { store, view, run } = setUp(fakeRun(15));
    view.show(true);
    await settle();
    const find = store.find(view);
    find.search({ ...word, text: '(' }, 1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([find.error?.field, run.finds.length]).toEqual(['text', 1]);
  });

  it('shows the matches alone, with their numbers, and reads what is near in one call', async () => {
    const { store, view, run } = setUp(fakeRun(2500));
    view.show(true);
    await settle();
    const find = store.find(view);
    find.search(word, 1);
    await vi.advanceTimersByTimeAsync(1000);
    const rows = createMatches(view, find);
    expect([rows.last, rows.number(3), rows.index(25)]).toEqual([250, 30, 3]);
    view.follow(false);
    run.reads.length = 0;
    rows.look(101, 12);
    await settle();
    expect(rows.row(101)?.n).toBe(1010);
    expect(rows.row(112)?.line.text).toContain('line 1120');
    expect(run.reads.length).toBeLessThan(4);
  });
});

it('opens at a line', async () => {
  const { store, run } = setUp(fakeRun(1_000_000));
  const view = store.view('r', 500_000);
  view.show(true);
  await settle();
  expect(view.following).toBe(false);
  expect(view.line(500_000)?.n).toBe(500_000);
  expect(view.unseen).toBe(0);
  expect(run.reads[0]?.[0]).toBe(500_000);
});

it('has its first lines from the beginning where they were read ahead, and reads them once', async () => {
  const t = setUp(fakeRun(1000));
  await t.store.prefetch('tail');
  const tail = t.store.view('tail');
  expect([tail.ready, tail.tail, tail.line(1000)?.text.startsWith('line 1000')]).toEqual([true, 1000, true]);
  await t.store.prefetch('middle', 500);
  const middle = t.store.view('middle', 500);
  expect([middle.ready, middle.following, middle.last]).toEqual([true, false, 1000]);
  for (let n = 480; n <= 520; n++) expect(middle.line(n)).toBeDefined();
  expect(t.store.view('middle', 500).ready).toBe(false);
  await t.store.prefetch('tail');
  expect(t.store.view('another').ready).toBe(false);
});

it('reads what is around a line before somebody goes there', async () => {
  const t = setUp(fakeRun(1000));
  t.view.show(true);
  await settle();
  await t.view.prepare(300);
  for (let n = 280; n <= 320; n++) expect(t.view.line(n)).toBeDefined();
  const reads = t.run.reads.length;
  await t.view.prepare(300);
  expect(t.run.reads.length).toBe(reads);
  expect([t.view.following, t.view.tail]).toEqual([true, 1000]);
});

it('tells of the lines that went by in a flood', async () => {
  const { view, run, event } = setUp(fakeRun(50));
  view.show(true);
  await settle();
  expect(view.skipped).toBe(null);
  run.last = 20_000;
  event(19_990, 20_000);
  await vi.advanceTimersByTimeAsync(500);
  expect(view.skipped).toEqual({ from: 51, count: 20_000 - 40 - 51 + 1 });
  view.follow(false);
  expect(view.skipped).toBe(null);
});

it('copies the lines that are wanted', async () => {
  const { store } = setUp(fakeRun(5000));
  const { text, lines } = await store.text({ runId: 'r', vms: undefined }, (n) => { const k = Math.ceil(n / 1000) * 1000; return k <= 3000 ? k : 0; });
  expect(lines).toBe(3);
  expect(text.split('\n').map((l) => l.slice(0, 9))).toEqual(['line 1000', 'line 2000', 'line 3000']);
});

describe('the lines of all VMs of a job', () => {
  const vms = ['web-1', 'web-2', 'web-3'];
  /** A job's log as Go gives it: lines of the runs in turns, under the numbers of the whole. */
  function fakeJob(count: number) {
    const run = fakeRun(count);
    const asked: string[] = [];
    const of = { order: 0, asked, run, read };
    async function read(id: string, from: number, ask: number): Promise<LogPage> {
      asked.push(id);
      const page = await run.read(id, from, ask);
      return { ...page, order: of.order, open: [{ stream: 'stdout', text: '$ ', run: 2 }], lines: page.lines.map((l) => ({ ...l, text: `${l.text} ${of.order}`, run: (l.n - 1) % 3, runLine: Math.ceil(l.n / 3) })) } as LogPage;
    }
    return of;
  }
  function open(job: ReturnType<typeof fakeJob>) {
    let log: (e: AppEvents['log:lines']) => void = () => {};
    const watch = vi.fn(async () => {});
    const store = createLogStore({
      logService: { read: job.read, find: job.run.find, line: async () => ({ text: '', total: 0 }), watch },
      jobEvents: { onJobLog: (f) => { log = f; return () => {}; }, onJobChanged: () => () => {}, onGap: () => () => {} }, frame: (f) => { f(); },
    });
    const view = store.merged('j', vms);
    view.look(1, 40);
    return { store, view, watch, log: (e: Partial<AppEvents['log:lines']>) => log({ epoch: 'e', seq: 1, runId: 'job:j', from: 1, lines: [], open: [], last: 0, done: false, ...e }) };
  }

  it('is read, watched and found in under one id, and each line names its VM', async () => {
    const job = fakeJob(3000);
    const { store, view, watch } = open(job);
    view.show(true);
    await settle();
    expect(new Set(job.asked)).toEqual(new Set(['job:j']));
    expect(watch).toHaveBeenLastCalledWith(['job:j']);
    expect([view.row(3000)?.vm, view.row(2999)?.vm, view.row(2998)?.vm]).toEqual(['web-3', 'web-2', 'web-1']);
    expect(view.open).toMatchObject([{ text: '$ ', vm: 'web-3' }]);
    const find = store.find(view);
    find.search({ text: 'x', regex: false, case: false }, 1);
    await vi.advanceTimersByTimeAsync(1000);
    const matches = createMatches(view, find);
    view.follow(false);
    matches.look(1, 5);
    await settle();
    expect(find.count).toBe(300);
    expect(matches.row(2)).toMatchObject({ n: 20, vm: 'web-2' });
    expect(matches.row(0)).toBeUndefined();
    const { text } = await store.text(view, (n) => (n <= 2 ? n : 0));
    expect(text).toMatch(/^web-1 \| line 1[^\n]*\nweb-2 \| line 2[^\n]*$/);
  });

  it('is read anew where lines came to stand among those that were known', async () => {
    const job = fakeJob(100);
    const { view, log } = open(job);
    view.show(true);
    await settle();
    expect(view.row(100)?.line.text).toMatch(/ 0$/);
    job.order = 1;
    log({ order: 1, from: 100, lines: [{ ...line(100), text: 'of the new order', run: 0 }], last: 100 });
    await vi.advanceTimersByTimeAsync(2000);
    expect(view.order).toBe(1);
    for (let n = 61; n <= 100; n++) expect(view.row(n)?.line.text).toMatch(/ 1$/);
    log({ order: 0, from: 101, lines: [line(101)], last: 101 }); // an old event that comes late
    await settle();
    expect(view.row(101)).toBeUndefined();
    expect(view.row(100)?.line.text).toMatch(/ 1$/);
  });
});
