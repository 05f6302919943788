import { describe, expect, it } from 'vitest';
import type { JobDetail, Run } from '../../services/api/types';
import { progress, summary } from './progress';

const detail = (...runs: Partial<Run>[]) => ({ runs }) as JobDetail;

describe('summary', () => {
  it('counts', () => expect(summary(detail({ status: 'running' }, { status: 'succeeded' }, { status: 'succeeded' }))).toBe('2 succeeded, 1 running'));
  it('says how one run ended', () => {
    expect(summary(detail({ status: 'failed', exitCode: 3 }))).toBe('exit 3');
    expect(summary(detail({ status: 'failed', signal: 'KILL' }))).toBe('ended by SIGKILL');
    expect(summary(detail({ status: 'canceled', signal: 'KILL' }))).toBe('stopped');
    expect(summary(detail({ status: 'failed' }))).toBe('failed');
  });
});

describe('progress', () => {
  it('is of the finished runs', () => expect(progress(detail({ status: 'running' }, { status: 'succeeded' }, { status: 'failed' }, { status: 'queued' }))).toEqual([{ status: 'succeeded', percent: 25 }, { status: 'failed', percent: 25 }]));
});
