import { describe, expect, it } from 'vitest';
import type { Run, StopResult } from '../../services/api/types';
import { facts, remarks, standing } from './run';

const run = (change: Partial<Run>): Run => ({ vmName: 'web-1', status: 'running', signal: '', note: '', startedAt: '2026-11-24T12:00:00Z', finishedAt: null, lines: 0, bytes: 0, complete: true, ...change } as Run);
const stop = (change: Partial<StopResult>) => remarks(run({ status: 'lost', stopResult: { state: 'stopped', pids: [], note: '', ...change } as StopResult }))[0];

describe('how a run stands', () => {
  it.each([
    [run({ status: 'queued' }), 'waiting'], [run({ startedAt: null }), 'connecting'], [run({}), '2 s'],
    [run({ status: 'succeeded', finishedAt: '2026-11-24T12:00:00.400Z' }), '0.4 s'], [run({ status: 'failed', exitCode: 3 }), 'exit 3'],
    [run({ status: 'failed', signal: 'KILL' }), 'SIGKILL'], [run({ status: 'failed', startedAt: null }), 'not reached'], [run({ status: 'canceled' }), 'stopped'], [run({ status: 'lost' }), 'lost'],
  ])('%#', (r, want) => expect(standing(r, Date.parse('2026-11-24T12:00:02Z'))).toBe(want));

  it('in one line', () => {
    expect(facts(run({ status: 'succeeded', exitCode: 0, finishedAt: '2026-11-24T12:00:02.100Z', lines: 6, bytes: 1200 }), 0)).toBe('exit 0 · 2.1 s · 6 lines · 1.2 KB');
    expect(facts(run({ status: 'failed', startedAt: null }), 0)).toBe('not reached');
    expect(facts(run({ status: 'canceled', signal: 'KILL', finishedAt: '2026-11-24T12:00:09.200Z' }), 0)).toBe('stopped · 9.2 s');
  });
});

describe('what a stop came to', () => {
  it('is told as it was', () => {
    expect(stop({})).toMatchObject({ tone: 'info', text: 'Stopped: nothing of it is left on web-1.' });
    expect(stop({ state: 'still_running', pids: [4711] })).toMatchObject({ tone: 'bad', text: 'It still runs on web-1: process 4711.' });
    expect(stop({ state: 'still_running', pids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] })?.text).toContain('and 2 more');
    const lease = stop({ state: 'unreachable', leaseEndsAt: new Date(2026, 10, 24, 12, 5).toISOString() });
    expect(lease?.hint).toBe('Without contact it is ended there by 12:05 at the latest.');
    expect(stop({ state: 'unproved' })?.tone).toBe('warn');
  });

  it('beside what else there is to know', () => {
    expect(remarks(run({ status: 'failed', exitCode: 1, complete: false, bytes: 2000 }))[0]?.text).toBe('The output is incomplete after 2.0 KB.');
    expect(remarks(run({ status: 'succeeded', note: 'A child still holds the output open.' }))[0]?.tone).toBe('info');
    expect(remarks(run({}))).toEqual([]);
  });
});
