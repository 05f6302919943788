// Stand-ins for services in the tests of stores.
import { vi } from 'vitest';
import type { Command, Job, JobDetail, Run, VM } from '../services/api/types';

/** Events that a test sends by hand. */
export function fakeEvents() {
  const listeners = new Map<string, Set<(payload: never) => void>>();
  const gaps = new Set<() => void>();
  const on = (name: string, f: (payload: never) => void) => {
    const set = listeners.get(name) ?? new Set();
    listeners.set(name, set.add(f));
    return () => { set.delete(f); };
  };
  return {
    on: vi.fn(on),
    onGap: (f: () => void) => { gaps.add(f); return () => { gaps.delete(f); }; },
    onJobChanged: (f: (payload: never) => void) => on('job:changed', f),
    onJobLog: (f: (payload: never) => void) => on('log:lines', f),
    send: (name: string, payload: unknown = {}) => { for (const f of listeners.get(name) ?? []) (f as (p: unknown) => void)(payload); },
    gap: () => { for (const f of gaps) f(); },
    listening: (name: string) => listeners.get(name)?.size ?? 0,
  };
}

export const aVM = (id: string, more: Partial<VM> = {}): VM => ({
  id, name: id, source: 'manual', sourceKey: '', user: '', host: `${id}.example`, port: 0, jump: '', identityFile: '', environment: 'development',
  provider: '', tags: [], description: '', favourite: false, hidden: false, plain: false, lastUsedAt: null, createdAt: '2026-11-24T10:00:00Z', updatedAt: '2026-11-24T10:00:00Z', ...more,
});

export const aCommand = (id: string, more: Partial<Command> = {}): Command => ({
  id, name: id, description: '', kind: 'ssh', script: 'true', params: [], scope: { kind: 'everywhere', tags: [], vmIds: [] }, group: '', workDir: '', env: {},
  options: { terminal: false, merge: false, expectsDisconnect: false, onLost: '' }, timeoutSeconds: 0, confirm: false, order: 0, shipped: false, library: '', createdAt: '2026-11-24T10:00:00Z', updatedAt: '2026-11-24T10:00:00Z', ...more,
});

export const aJob = (id: string, more: Partial<Job> = {}): Job => ({
  id, number: 1, name: id, kind: 'ssh', script: 'true', values: {}, secrets: [], workDir: '', env: {}, options: { terminal: false, merge: false, expectsDisconnect: false, onLost: '' }, status: 'running', parallelism: 32, timeoutSeconds: 0, origin: 'window',
  starred: false, createdAt: '2026-11-24T10:00:00Z', startedAt: null, finishedAt: null, counts: {}, vmNames: [], runCount: 1, ...more,
});

export const aRun = (id: string, more: Partial<Run> = {}): Run => ({
  id, jobId: 'j', position: 0, vmName: id, target: { kind: 'ssh', alias: '', user: '', host: id, port: 0 }, status: 'running', signal: '', note: '',
  bytes: 0, lines: 0, complete: false, ...more,
});

export const aDetail = (id: string, job: Partial<Job> = {}, runs: Run[] = [aRun('r1')]): JobDetail => ({ job: aJob(id, job), runs });
