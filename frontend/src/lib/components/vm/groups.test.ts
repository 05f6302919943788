import { describe, expect, it } from 'vitest';
import { aVM } from '../../stores/fakes';
import { addressOf, ago, grouped, inOrder, matching, tagsOf } from './groups';

describe('matching', () => {
  const vms = [aVM('web-1', { tags: ['web'] }), aVM('db', { host: '10.0.0.5', environment: 'production' }), aVM('gone', { hidden: true })];
  it('asks for one thing by its key', () => {
    const reach = new Map([['db', { state: 'done' as const, test: { ok: false, millis: 0, connected: '', server: '' } }]]);
    const names = (filter: string, hidden = false) => matching([...vms, aVM('imp', { source: 'import', provider: 'Hetzner', favourite: true })], filter, hidden, { reach, power: (id) => (id === 'imp' ? 'stopped' : '') }).map((v) => v.name);
    expect(names('env:prod')).toEqual(['db']);
    expect(names('source:imported')).toEqual(['imp']);
    expect(names('provider:hetz')).toEqual(['imp']);
    expect(names('is:unreachable')).toEqual(['db']);
    expect(names('is:favourite')).toEqual(['imp']);
    expect(names('is:stopped')).toEqual(['imp']);
    expect(names('is:hidden')).toEqual(['gone']);
    expect(names('', true)).toHaveLength(4);
  });
  it.each([['', ['web-1', 'db']], ['tag:web', ['web-1']], ['10.0 prod', ['db']], ['WEB', ['web-1']], ['nothing', []]])('%s', (filter, names) => expect(matching(vms, filter).map((v) => v.name)).toEqual(names));
});

describe('grouped', () => {
  it('shows each VM once, in the order of names as people count', () => {
    const groups = grouped(inOrder([aVM('web-10'), aVM('web-2'), aVM('star', { favourite: true }), aVM('p', { environment: 'production' })]));
    expect(groups.map((g) => [g.name, g.vms.map((v) => v.name)])).toEqual([['Favourites', ['star']], ['Production', ['p']], ['Development', ['web-2', 'web-10']]]);
  });
  it('by tag, source and provider; hidden ones come last where they are shown', () => {
    const vms = [aVM('a', { tags: ['web', 'eu'], provider: 'AWS' }), aVM('b', { tags: ['web'], source: 'ssh_config' }), aVM('c'), aVM('h', { hidden: true })];
    const of = (by: 'tag' | 'source' | 'provider' | 'none') => grouped(vms, by).map((g) => `${g.name}: ${g.vms.map((v) => v.name).join(' ')}`);
    expect(of('tag')).toEqual(['eu: a', 'web: a b', 'No tag: c', 'Hidden: h']);
    expect(of('source')).toEqual(['By hand: a c', 'SSH config: b', 'Hidden: h']);
    expect(of('provider')).toEqual(['AWS: a', 'No provider: b c', 'Hidden: h']);
    expect(of('none')).toEqual(['All: a b c', 'Hidden: h']);
    expect(tagsOf(vms)).toEqual([{ tag: 'web', count: 2 }, { tag: 'eu', count: 1 }]);
  });
  it('lifts the latest used out of a long list', () => {
    const many = Array.from({ length: 30 }, (_, i) => aVM(`v${i}`, { lastUsedAt: i < 7 ? `2026-11-2${i}T00:00:00Z` : null }));
    const recent = grouped(inOrder(many)).find((g) => g.name === 'Recent');
    expect(recent?.vms.map((v) => v.name)).toEqual(['v6', 'v5', 'v4', 'v3', 'v2']);
    expect(grouped(inOrder(many)).flatMap((g) => g.vms)).toHaveLength(30);
  });
});

describe('ago', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  it.each([[null, 'never'], ['2026-11-24T11:59:40Z', 'just now'], ['2026-11-24T11:55:00Z', '5 min ago'], ['2026-11-23T14:00:00Z', '22 h ago'], ['2026-11-12T12:00:00Z', '12 days ago']])('%s', (at, text) => expect(ago(at, now)).toBe(text));
});

describe('addressOf', () => {
  it.each([[{ user: 'u', host: 'h', port: 2222 }, 'u@h:2222'], [{ host: '::1', port: 2222 }, '[::1]:2222'], [{ host: '::1', port: 22 }, '::1'], [{ host: 'h', jump: 'b' }, 'h via b'], [{ host: '', sourceKey: 'alias' }, 'alias']])('%o', (vm, text) => expect(addressOf(aVM('x', vm))).toBe(text));
});
