import type { VMAPIService } from '../services/api/VMAPIService';
import { ApiError } from '../services/api/ApiError';
import type { ConnectionCheck, ConnectionTest, Explanation, Review, ReviewDecision, VM } from '../services/api/types';
import type { WebSocketManager } from '../services/events/WebSocketManager';
import { createStoreFactory } from './base.svelte';

interface Dependencies {
  vmService: Pick<VMAPIService, 'list' | 'create' | 'update' | 'delete' | 'restore' | 'parseAddress' | 'discover' | 'apply' | 'test' | 'testUnsaved' | 'explain' | 'check' | 'setFavourite' | 'sshLine' | 'openTerminal'>;
  events: Pick<WebSocketManager, 'on' | 'onGap'>;
}

/** What is known of reaching a VM: "testing", or what the last test said. */
export type Reach = { state: 'testing' } | { state: 'done'; test: ConnectionTest };

/** The VMs, which of them are chosen, and what waits in the sources. */
export const createVMStore = createStoreFactory((base, { vmService, events }: Dependencies) => {
  let vms = $state.raw<VM[]>([]);
  let loaded = $state(false);
  let selected = $state.raw<ReadonlySet<string>>(new Set());
  let anchor = '';
  let review = $state.raw<Review | null>(null);
  let looking = $state(false);
  let reviewError = $state.raw<ApiError | null>(null);
  let reach = $state.raw<ReadonlyMap<string, Reach>>(new Map());

  const selectedVMs = $derived(vms.filter((vm) => selected.has(vm.id)));
  const waiting = $derived(review ? review.new.filter((h) => !h.forge).length + review.changed.length + review.gone.length : 0);

  async function loadVMs(): Promise<void> {
    const list = await base.loadLatest(() => vmService.list());
    if (!list) return;
    vms = list;
    loaded = true;
    const there = new Set(list.map((vm) => vm.id));
    if ([...selected].some((id) => !there.has(id))) selected = new Set([...selected].filter((id) => there.has(id)));
  }

  async function discoverVMs(): Promise<void> {
    looking = true;
    try {
      review = await vmService.discover();
      reviewError = null;
    } catch (reason) {
      reviewError = ApiError.from(reason);
    } finally {
      looking = false;
    }
  }

  const setReach = (id: string, r: Reach) => { reach = new Map(reach).set(id, r); };

  const stops = [
    events.on('vms:changed', () => void loadVMs()),
    events.on('sshconfig:changed', () => void discoverVMs()),
    events.onGap(() => { void loadVMs(); void discoverVMs(); }),
  ];

  return {
    get vms() { return vms; },
    /** Whether the list was read at least once: an empty one before that says nothing. */
    get loaded() { return loaded; },
    get selectedIds() { return selected; },
    get selectedVMs() { return selectedVMs; },
    get review() { return review; },
    get reviewError() { return reviewError; },
    get looking() { return looking; },
    /** How many rows wait in the review; code forges don't count. */
    get waiting() { return waiting; },
    get reach() { return reach; },
    loadVMs,
    discoverVMs,
    /** Plain click: this one alone. `toggle` (Ctrl) adds or takes away. `range` (Shift) goes from the last one to here, in the order shown. */
    select(id: string, how: 'only' | 'toggle' | 'range' = 'only', shown: string[] = []) {
      if (how === 'toggle') {
        const next = new Set(selected);
        if (!next.delete(id)) next.add(id);
        selected = next;
        anchor = id;
      } else if (how === 'range' && shown.includes(anchor)) {
        const [a, b] = [shown.indexOf(anchor), shown.indexOf(id)];
        selected = new Set(shown.slice(Math.min(a, b), Math.max(a, b) + 1));
      } else {
        selected = new Set([id]);
        anchor = id;
      }
    },
    selectAll(ids: string[]) { selected = new Set(ids); },
    unselect(id: string) { selected = new Set([...selected].filter((other) => other !== id)); },
    /** The following reject with an ApiError; a form shows it at its field. */
    async createVM(vm: VM) { const made = await vmService.create(vm); await loadVMs(); return made; },
    async updateVM(vm: VM) { const made = await vmService.update(vm); await loadVMs(); return made; },
    async deleteVM(id: string) { await vmService.delete(id); await loadVMs(); void discoverVMs(); },
    async restoreVM(id: string) { await vmService.restore(id); await loadVMs(); void discoverVMs(); },
    async setFavourite(id: string, on: boolean) { await vmService.setFavourite(id, on); await loadVMs(); },
    async applyReview(decision: ReviewDecision) { const taken = await vmService.apply(decision); await loadVMs(); await discoverVMs(); return taken; },
    parseAddress: (text: string) => vmService.parseAddress(text),
    openTerminal: (id: string, commandId = '', values: Record<string, string> = {}) => vmService.openTerminal(id, commandId, values),
    sshLine: (id: string) => vmService.sshLine(id),
    testUnsaved: (vm: VM) => vmService.testUnsaved(vm),
    /** What ssh_config comes to for a VM. Rejects with an ApiError, as when ssh refuses the file. */
    explain: (id: string): Promise<Explanation> => vmService.explain(id),
    /** Connects step by step. What comes of it is also what is known of reaching the VM from then on. */
    async check(id: string): Promise<ConnectionCheck> {
      const before = reach.get(id);
      setReach(id, { state: 'testing' });
      try {
        const check = await vmService.check(id);
        setReach(id, { state: 'done', test: { ok: check.ok, millis: Math.round(check.micros / 1000), connected: '', server: '', error: check.steps.find((s) => s.state === 'failed')?.error } });
        return check;
      } catch (reason) {
        const next = new Map(reach);
        if (before) next.set(id, before); else next.delete(id);
        reach = next;
        throw reason;
      }
    },
    async testConnection(id: string): Promise<ConnectionTest> {
      setReach(id, { state: 'testing' });
      let test: ConnectionTest;
      try {
        test = await vmService.test(id);
      } catch (reason) {
        const error = ApiError.from(reason);
        test = { ok: false, millis: 0, connected: '', server: '', error: { code: error.code, message: error.message, hint: error.hint, field: error.field, details: error.details } };
      }
      setReach(id, { state: 'done', test });
      return test;
    },
    destroy() { for (const stop of stops) stop(); },
  };
});
export type VMStore = ReturnType<typeof createVMStore>;
