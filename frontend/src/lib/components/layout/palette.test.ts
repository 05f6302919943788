import { describe, expect, it } from 'vitest';
import { aCommand, aJob, aVM } from '../../stores/fakes';
import { entriesOf, pieces, type Source } from './palette';

const source = (more: Partial<Source> = {}): Source => ({ vms: [], commands: [], jobs: [], actions: [], ran: new Map(), ...more });
const names = (wanted: string, s: Source) => entriesOf(wanted, '', s).map((g) => `${g.label}: ${g.entries.map((e) => e.id).join(' ')}`);

describe('the palette', () => {
  it('shows what was used of late before anything is typed', () => {
    const s = source({ vms: [aVM('old', { lastUsedAt: '2026-11-01T00:00:00Z' }), aVM('new', { lastUsedAt: '2026-11-24T00:00:00Z' })], commands: [aCommand('a'), aCommand('b')], ran: new Map([['b', 5]]) });
    expect(names('', s)).toEqual(['Commands: c-b c-a', 'VMs: v-new v-old']);
  });
  it('puts the kind first whose name begins with what was typed', () => {
    const s = source({ vms: [aVM('log-1')], commands: [aCommand('Docker logs')], jobs: [aJob('j')] });
    expect(names('log', s)).toEqual(['VMs: v-log-1', 'Commands: c-Docker logs', 'Jobs: j-j']);
  });
  it('puts the kind that has the word before one that has only its letters', () => {
    const s = source({ commands: [aCommand('Docker containers', { group: 'Docker' })], actions: [{ id: 'theme-dark', name: 'Theme: dark', hint: '', do: () => {} }] });
    expect(names('dark', s)).toEqual(['Actions and settings: a-theme-dark', 'Commands: c-Docker containers']);
  });
  it('finds a VM by host and tag too', () => {
    const s = source({ vms: [aVM('a', { host: '10.0.4.11' }), aVM('b', { tags: ['shop'] })] });
    expect(names('10.0.4', s)).toEqual(['VMs: v-a']);
    expect(names('shop', s)).toEqual(['VMs: v-b']);
  });
  it('shows a few of 1,000 VMs and 2,000 commands, the best first', () => {
    const s = source({ vms: Array.from({ length: 1000 }, (_, i) => aVM(`web-${i}`)), commands: Array.from({ length: 2000 }, (_, i) => aCommand(`Restart service ${i}`)) });
    for (const text of ['r', 're', 'rest', 'web-99', 'serv 17']) for (const group of entriesOf(text, '', s)) expect(group.entries.length).toBeLessThan(10);
    expect(entriesOf('web-99', '', s)[0]?.entries[0]?.id).toBe('v-web-99');
  });
  it('tells the letters apart that fit', () => {
    expect(pieces('logs', [0, 1])).toEqual([{ text: 'lo', fits: true }, { text: 'gs', fits: false }]);
  });
});
