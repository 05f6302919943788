import { describe, expect, it } from 'vitest';
import type { Job, Param } from '../../services/api/types';
import { complete, earlier, recall } from './commandLine';

const job = (script: string, commandId?: string, secrets: Param[] = []) => ({ script, commandId, secrets }) as Job;
const secret = { name: 's' } as Param;

describe('earlier', () => {
  it('has free commands once, newest first, and none that needs secrets', () =>
    expect(earlier([job('b'), job('x', 'saved'), job('y', undefined, [secret]), job('a'), job('b')])).toEqual(['b', 'a']));
});

describe('recall', () => {
  const list = ['new', 'old'];
  it('goes back from an empty line', () => expect(recall(list, '', -1, 1)).toEqual({ at: 0, text: 'new' }));
  it('goes further back and stops', () => {
    expect(recall(list, 'new', 0, 1)).toEqual({ at: 1, text: 'old' });
    expect(recall(list, 'old', 1, 1)).toBeNull();
  });
  it('comes forward to the empty line', () => expect(recall(list, 'new', 0, -1)).toEqual({ at: -1, text: '' }));
  it('leaves an edited text alone', () => expect(recall(list, 'newer', 0, 1)).toBeNull());
});

it('a line is completed from what was run or saved, not from next to nothing', () => {
  const list = ['uptime -p', 'uptime', 'cat <<E\nx'];
  expect(complete('upt', list)).toBe('ime -p');
  expect(complete('uptime', list)).toBe(' -p');
  for (const text of ['', 'u', 'x', 'cat ', 'uptime -p', 'up\n']) expect(complete(text, list)).toBe('');
});
