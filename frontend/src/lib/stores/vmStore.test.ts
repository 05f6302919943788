import { describe, expect, it, vi } from 'vitest';
import { aCommand, aVM, fakeEvents } from './fakes';
import type { ConnectionCheck, Explanation, Look, Review, VM } from '../services/api/types';
import { createCommandStore } from './commandStore.svelte';
import { createVMStore } from './vmStore.svelte';

const noReview: Review = { new: [], changed: [], gone: [], problems: [], files: [], known: 0, sources: [], notes: [] };

function setUp(vms = [aVM('a'), aVM('b', { tags: ['web'] }), aVM('c', { tags: ['web'] })]) {
  const events = fakeEvents();
  const vmService = {
    list: vi.fn(async () => vms), create: vi.fn(async (vm) => vm), update: vi.fn(async (vm) => vm), edit: vi.fn(async () => vms), delete: vi.fn(async () => {}), restore: vi.fn(async () => vms),
    parseAddress: vi.fn(async () => ({ user: '', host: '', port: 0 })), discover: vi.fn(async (): Promise<Review> => noReview), apply: vi.fn(async () => [aVM('n')]),
    test: vi.fn(async () => ({ ok: true, millis: 12, connected: '', server: '' })), testUnsaved: vi.fn(async () => ({ ok: true, millis: 1, connected: '', server: '' })),
    explain: vi.fn(async (): Promise<Explanation> => ({ name: 'a', settings: [], source: 'own', reason: '' })),
    check: vi.fn(async (): Promise<ConnectionCheck> => ({ name: 'a', ok: true, micros: 12_400, steps: [] })),
    reach: vi.fn(async (ids: string[]): Promise<Look[]> => ids.map((vmId) => ({ vmId, state: 'reachable', millis: 3, via: '', server: 'SSH-2.0-x' }))),
    setPower: vi.fn(), reviewImport: vi.fn(), takeImport: vi.fn(), export: vi.fn(), saveExport: vi.fn(), openTerminal: vi.fn(async () => undefined), sshLine: vi.fn(async () => 'ssh a'),
  };
  return { events, vmService, store: createVMStore({ vmService, events }) };
}

describe('vmStore', () => {
  it('chooses one, more with Ctrl, a stretch with Shift', async () => {
    const { store } = setUp();
    await store.loadVMs();
    store.select('a');
    store.select('b', 'toggle');
    expect(store.selectedVMs.map((v) => v.id)).toEqual(['a', 'b']);
    store.select('b', 'toggle');
    store.select('a');
    store.select('c', 'range', ['a', 'b', 'c']);
    expect(store.selectedVMs.map((v) => v.id)).toEqual(['a', 'b', 'c']);
  });

  it('has what was changed when the change is over, also where an event had the list read once more meanwhile', async () => {
    const { store, vmService, events } = setUp();
    await store.loadVMs();
    const answers: ((list: VM[]) => void)[] = [];
    vmService.list.mockImplementation(() => new Promise<VM[]>((done) => answers.push(done)));
    let over = false;
    const change = store.updateVM(aVM('a', { name: 'new' })).then(() => { over = true; });
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    events.send('vms:changed');
    answers[0]?.([aVM('a', { name: 'new' })]);
    await new Promise((done) => setTimeout(done, 10));
    expect(over).toBe(false);
    answers[1]?.([aVM('a', { name: 'new' })]);
    await change;
    expect(store.vms.map((vm) => vm.name)).toEqual(['new']);
  });

  it('forgets the choice of a VM that is gone', async () => {
    const { store, vmService } = setUp();
    await store.loadVMs();
    store.selectAll(['a', 'b']);
    vmService.list.mockResolvedValueOnce([aVM('b')]);
    await store.loadVMs();
    expect([...store.selectedIds]).toEqual(['b']);
  });

  it('counts what waits in the review, without code forges', async () => {
    const { store, vmService } = setUp();
    const host = { alias: 'x', user: '', host: 'x', port: 0, jump: '', identityFile: '', file: 'f', line: 1, environment: 'test' as const, provider: '', forge: false, warnings: [] };
    vmService.discover.mockResolvedValueOnce({ ...noReview, new: [host, { ...host, alias: 'github.com', forge: true }], gone: [aVM('g')] } as never);
    await store.discoverVMs();
    expect(store.waiting).toBe(2);
  });

  it('a test that fails to be made is a failed test with its reason', async () => {
    const { store, vmService } = setUp();
    vmService.test.mockRejectedValueOnce(new Error('{"code":"connection_refused","message":"nothing listens","hint":"Is sshd running?"}'));
    const test = await store.testConnection('a');
    expect(test.ok).toBe(false);
    expect(test.error?.code).toBe('connection_refused');
  });

  it('looks at all that are not hidden, a round at a time, and what a login said stays where a look knows less', async () => {
    const { store, vmService } = setUp([aVM('a'), aVM('b'), aVM('c'), aVM('h', { hidden: true })]);
    await store.loadVMs();
    vmService.test.mockResolvedValueOnce({ ok: false, millis: 0, connected: '', server: '', error: { code: 'auth_failed', message: 'no key fits', hint: '', field: '', details: '' } } as never);
    await store.testConnection('a');
    await store.testConnection('b');
    vmService.reach.mockResolvedValueOnce([
      { vmId: 'a', state: 'reachable', millis: 2, via: '', server: '' }, { vmId: 'b', state: 'indirect', millis: 0, via: 'bastion', server: '' },
      { vmId: 'c', state: 'indirect', millis: 0, via: 'bastion', server: '' },
    ]);
    const round = store.checkReach();
    void store.checkReach();
    await round;
    expect(vmService.reach.mock.calls).toEqual([[['a', 'b', 'c']]]);
    expect(store.reach.get('a')).toMatchObject({ state: 'done', test: { ok: false } });
    expect(store.reach.get('b')).toMatchObject({ state: 'done', test: { ok: true, millis: 12 } });
    expect(store.reach.get('c')).toEqual({ state: 'indirect', via: 'bastion' });
    vmService.reach.mockResolvedValueOnce([{ vmId: 'a', state: 'unreachable', millis: 0, via: '', server: '', error: { code: 'connection_refused', message: 'x', hint: '', field: '', details: '' } }]);
    await store.checkReach(['a']);
    expect(store.reach.get('a')).toMatchObject({ state: 'done', test: { error: { code: 'connection_refused' } } });
  });

  it('of two looks at the sources the later question counts', async () => {
    const { store, vmService } = setUp();
    let answer: (r: Review) => void = () => {};
    vmService.discover.mockImplementationOnce(() => new Promise((done) => { answer = done; })).mockResolvedValueOnce({ ...noReview, known: 7 });
    const first = store.discoverVMs();
    await store.discoverVMs();
    answer({ ...noReview, known: 1 });
    await first;
    expect(store.review?.known).toBe(7);
    expect(store.looking).toBe(false);
  });

  it('a check is what is known of reaching the VM from then on', async () => {
    const { store, vmService } = setUp();
    expect((await store.check('a')).ok).toBe(true);
    expect(store.reach.get('a')).toMatchObject({ state: 'done', test: { ok: true, millis: 12 } });
    const error = { code: 'connection_refused', message: 'nothing listens', hint: '', field: '', details: '' };
    vmService.check.mockResolvedValueOnce({ name: 'a', ok: false, micros: 900, steps: [{ host: 'a', kind: 'tcp', state: 'failed', micros: 900, text: '', error }] });
    await store.check('a');
    expect(store.reach.get('a')).toMatchObject({ state: 'done', test: { ok: false, error } });
  });

  it('a check that could not be made leaves what was known, and says why', async () => {
    const { store, vmService } = setUp();
    vmService.check.mockRejectedValue(new Error('{"code":"not_found","message":"gone","hint":""}'));
    await expect(store.check('a')).rejects.toThrow('gone');
    expect(store.reach.has('a')).toBe(false);
    await store.testConnection('b');
    await expect(store.check('b')).rejects.toThrow('gone');
    expect(store.reach.get('b')).toMatchObject({ state: 'done', test: { ok: true, millis: 12 } });
  });

  it('reads again when Go says so', async () => {
    const { events, vmService } = setUp();
    events.send('vms:changed');
    await Promise.resolve();
    expect(vmService.list).toHaveBeenCalledTimes(1);
  });
});

describe('commandStore', () => {
  it('offers what fits every chosen VM', async () => {
    const { store: vmStore, events } = setUp();
    const commands = [aCommand('everywhere'), aCommand('web', { scope: { kind: 'tags', tags: ['web'], vmIds: [] } }), aCommand('only-b', { scope: { kind: 'vms', tags: [], vmIds: ['b'] } })];
    const commandService = { list: vi.fn(async () => commands), create: vi.fn(), update: vi.fn(), delete: vi.fn(), restore: vi.fn(), preview: vi.fn() };
    const store = createCommandStore({ commandService, events, vmStore });
    await vmStore.loadVMs();
    await store.loadCommands();
    const offered = () => store.offered.map((c) => c.id);
    expect(offered()).toEqual(['everywhere', 'web', 'only-b']);
    vmStore.select('b');
    expect(offered()).toEqual(['everywhere', 'web', 'only-b']);
    vmStore.select('c', 'toggle');
    expect(offered()).toEqual(['everywhere', 'web']);
    vmStore.select('a');
    expect(offered()).toEqual(['everywhere']);
  });
});
