import { describe, expect, it } from 'vitest';
import { aVM } from '../../stores/fakes';
import { addressOf, grouped, matching } from './groups';

describe('matching', () => {
  const vms = [aVM('web-1', { tags: ['web'] }), aVM('db', { host: '10.0.0.5', environment: 'production' }), aVM('gone', { hidden: true })];
  it.each([['', ['web-1', 'db']], ['tag:web', ['web-1']], ['10.0 prod', ['db']], ['WEB', ['web-1']], ['nothing', []]])('%s', (filter, names) => expect(matching(vms, filter).map((v) => v.name)).toEqual(names));
});

describe('grouped', () => {
  it('shows each VM once, in the order of names as people count', () => {
    const groups = grouped([aVM('web-10'), aVM('web-2'), aVM('star', { favourite: true }), aVM('p', { environment: 'production' })]);
    expect(groups.map((g) => [g.name, g.vms.map((v) => v.name)])).toEqual([['Favourites', ['star']], ['Production', ['p']], ['Development', ['web-2', 'web-10']]]);
  });
  it('lifts the latest used out of a long list', () => {
    const many = Array.from({ length: 30 }, (_, i) => aVM(`v${i}`, { lastUsedAt: i < 7 ? `2026-11-2${i}T00:00:00Z` : null }));
    const recent = grouped(many).find((g) => g.name === 'Recent');
    expect(recent?.vms.map((v) => v.name)).toEqual(['v6', 'v5', 'v4', 'v3', 'v2']);
    expect(grouped(many).flatMap((g) => g.vms)).toHaveLength(30);
  });
});

describe('addressOf', () => {
  it.each([[{ user: 'u', host: 'h', port: 2222 }, 'u@h:2222'], [{ host: '::1', port: 2222 }, '[::1]:2222'], [{ host: '::1', port: 22 }, '::1'], [{ host: 'h', jump: 'b' }, 'h via b'], [{ host: '', sourceKey: 'alias' }, 'alias']])('%o', (vm, text) => expect(addressOf(aVM('x', vm))).toBe(text));
});
