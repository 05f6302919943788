import { describe, expect, it } from 'vitest';
import type { Command, Job, Param } from '../../services/api/types';
import { howItRan, withValues } from './job';

const param = (name: string, type: Param['type'], was: string) => ({ name, type, default: was }) as Param;

describe('a command that is made of a job', () => {
  it('has its values as defaults, an empty one too, and no secret', () => {
    const command = { name: 'Greet', params: [param('who', 'text', 'world'), param('how', 'text', 'loud'), param('new', 'number', '3'), param('pass', 'secret', '')] } as Command;
    const made = withValues(command, { values: { who: "a 'b'", how: '', gone: 'x', pass: 'hunter2' } });
    expect(made.params.map((p) => [p.name, p.default])).toEqual([['who', "a 'b'"], ['how', ''], ['new', '3'], ['pass', '']]);
    expect(command.params[0]?.default).toBe('world');
  });

  it('runs as the job did; a free one that had no time-out begins with that of new commands', () => {
    const job = { name: 'Greet', kind: 'local', workDir: '/usr', env: { A: '1' }, options: { terminal: true }, timeoutSeconds: 0 } as unknown as Job;
    expect(howItRan({ ...job, commandId: 'gone' })).toEqual({ name: 'Greet', kind: 'local', workDir: '/usr', env: { A: '1' }, options: { terminal: true }, timeoutSeconds: 0 });
    expect(howItRan(job)).not.toHaveProperty('timeoutSeconds');
    expect(howItRan(job)).not.toHaveProperty('name');
    expect(howItRan({ ...job, timeoutSeconds: 5 })).toHaveProperty('timeoutSeconds', 5);
  });
});
