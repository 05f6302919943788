import type { VMAPIService } from '../services/api/VMAPIService';
import { ApiError } from '../services/api/ApiError';
import type { ConnectionCheck, ConnectionTest, ExportFormat, Explanation, Look, PowerAction, Review, ReviewDecision, VM, VMEdit, VMNote } from '../services/api/types';
import type { WebSocketManager } from '../services/events/WebSocketManager';
import { createStoreFactory } from './base.svelte';

interface Dependencies {
  vmService: Pick<VMAPIService, 'list' | 'create' | 'update' | 'edit' | 'delete' | 'restore' | 'parseAddress' | 'discover' | 'apply' | 'test' | 'testUnsaved' | 'explain' | 'check' | 'reach' | 'setPower' | 'reviewImport' | 'takeImport' | 'export' | 'saveExport' | 'sshLine' | 'openTerminal'>;
  events: Pick<WebSocketManager, 'on' | 'onGap'>;
}

/** What is known of reaching a VM: "testing", what the last test or look said, or that only a login could tell, for it is behind something. */
export type Reach = { state: 'testing' } | { state: 'done'; test: ConnectionTest; login?: boolean } | { state: 'indirect'; via: string };

/** The fields of a VM that say how it is reached. */
const WAY = ['host', 'user', 'port', 'jump', 'identityFile'] as const;
/** VMs that are looked at with one call: an answer every second or so, and a slow VM holds up few. */
const LOOK_BATCH = 24;
/** Calls at a time; Go bounds the looks themselves. */
const LOOK_CALLS = 2;
/** What a look at the network can't tell better than a login that failed for another reason. */
const NETWORK = ['host_not_found', 'host_unreachable', 'connection_refused', 'connect_timeout', 'not_ssh'];

/** The VMs, which of them are chosen, and what waits in the sources. */
export const createVMStore = createStoreFactory((base, { vmService, events }: Dependencies) => {
  let vms = $state.raw<VM[]>([]);
  let loaded = $state(false);
  let selected = $state.raw<ReadonlySet<string>>(new Set());
  let anchor = '';
  let review = $state.raw<Review | null>(null);
  let looking = $state(false);
  let asked = 0;
  let reaching = $state(false);
  let reviewError = $state.raw<ApiError | null>(null);
  let reach = $state.raw<ReadonlyMap<string, Reach>>(new Map());

  const selectedVMs = $derived(vms.filter((vm) => selected.has(vm.id)));
  const notes = $derived(new Map<string, VMNote>((review?.notes ?? []).map((n) => [n.vmId, n])));
  const waiting = $derived(review ? review.new.filter((h) => !h.forge).length + review.changed.length + review.gone.length : 0);

  async function loadVMs(): Promise<void> {
    const list = await base.loadLatest(() => vmService.list());
    if (!list) return;
    const before = new Map(vms.map((vm) => [vm.id, vm]));
    vms = list;
    loaded = true;
    // What was known of reaching a VM says nothing of another address.
    const moved = list.filter((vm) => { const old = before.get(vm.id); return old && reach.has(vm.id) && WAY.some((field) => old[field] !== vm[field]); }).map((vm) => vm.id);
    if (moved.length > 0) {
      reach = new Map([...reach].filter(([id]) => !moved.includes(id)));
      void checkReach(moved);
    }
    const there = new Set(list.map((vm) => vm.id));
    if ([...selected].some((id) => !there.has(id))) selected = new Set([...selected].filter((id) => there.has(id)));
  }

  async function discoverVMs(): Promise<void> {
    looking = true;
    const mine = ++asked;
    try {
      const found = await vmService.discover();
      if (mine !== asked) return;
      review = found;
      reviewError = null;
    } catch (reason) {
      if (mine === asked) reviewError = ApiError.from(reason);
    } finally {
      if (mine === asked) looking = false;
    }
  }

  const setReach = (id: string, r: Reach) => { reach = new Map(reach).set(id, r); };

  function take(looks: Look[]): void {
    const next = new Map(reach);
    for (const look of looks) {
      const known = next.get(look.vmId);
      if (known?.state === 'testing') continue;
      const refused = known?.state === 'done' && known.login && !known.test.ok && !NETWORK.includes(known.test.error?.code ?? '');
      if (look.state === 'indirect') {
        // Behind a jump host only a login tells, and what one said stays.
        if (!(known?.state === 'done' && known.login)) next.set(look.vmId, { state: 'indirect', via: look.via });
      } else if (!(look.state === 'reachable' && refused)) {
        next.set(look.vmId, { state: 'done', test: { ok: look.state === 'reachable', millis: look.millis, connected: '', server: look.server, error: look.error } as ConnectionTest });
      }
    }
    reach = next;
  }

  /** Looks whether SSH servers answer, never logging in: a round at a time, whoever asks. */
  async function checkReach(ids: string[] = vms.filter((vm) => !vm.hidden).map((vm) => vm.id)): Promise<void> {
    if (reaching || ids.length === 0) return;
    reaching = true;
    let at = 0;
    const worker = async () => {
      while (at < ids.length) {
        const some = ids.slice(at, (at += LOOK_BATCH));
        take(await vmService.reach(some));
      }
    };
    try {
      await Promise.all(Array.from({ length: LOOK_CALLS }, worker));
    } catch (reason) {
      base.setError(ApiError.from(reason));
    } finally {
      reaching = false;
    }
  }

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
    /** True while a round of looks goes on. */
    get reaching() { return reaching; },
    /** What sources say of VMs that are taken in: power, and what is amiss. */
    get notes() { return notes; },
    /** Sources that have not answered yet. */
    get asking() { return review?.sources.filter((s) => s.state === 'asking') ?? []; },
    checkReach,
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
    async createVM(vm: VM) { const made = await vmService.create(vm); await loadVMs(); void discoverVMs(); return made; },
    async updateVM(vm: VM) { const made = await vmService.update(vm); await loadVMs(); void discoverVMs(); return made; },
    async editVMs(ids: string[], edit: VMEdit) { await vmService.edit(ids, edit); await loadVMs(); },
    async deleteVMs(ids: string[]) { await vmService.delete(ids); await loadVMs(); void discoverVMs(); },
    async restoreVMs(ids: string[]) { await vmService.restore(ids); await loadVMs(); void discoverVMs(); },
    async setPower(id: string, action: PowerAction) { await vmService.setPower(id, action); void discoverVMs(); },
    reviewImport: (name: string, text: string) => vmService.reviewImport(name, text),
    async takeImport(name: string, text: string, decision: ReviewDecision) { const taken = await vmService.takeImport(name, text, decision); await loadVMs(); void discoverVMs(); return taken; },
    exportVMs: (format: ExportFormat, ids: string[]) => vmService.export(format, ids),
    saveExport: (format: ExportFormat, ids: string[]) => vmService.saveExport(format, ids),
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
        setReach(id, { state: 'done', login: true, test: { ok: check.ok, millis: Math.round(check.micros / 1000), connected: '', server: '', error: check.steps.find((s) => s.state === 'failed')?.error } });
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
      setReach(id, { state: 'done', login: true, test });
      return test;
    },
    destroy() { for (const stop of stops) stop(); },
  };
});
export type VMStore = ReturnType<typeof createVMStore>;
