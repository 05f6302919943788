import { toast } from 'svelte-sonner';
import { ApiError } from '../../services/api/ApiError';
import type { Environment, PowerAction, VM, VMEdit } from '../../services/api/types';
import type { Stores } from '../../stores/StoresContainer';
import { count } from '../../utils/format';

/** "web-1", "3 VMs". */
export const named = (vms: readonly VM[]): string => (vms.length === 1 ? (vms[0]?.name ?? '') : count(vms.length, 'VM'));

/** How long a toast offers to undo, in milliseconds: long enough to be read and reached. */
export const UNDO_MS = 10_000;

/** What a person does to one VM or to many, with the words that tell of it and the way back. */
export function createVMActions({ vmStore, uiStore, appStore }: Pick<Stores, 'vmStore' | 'uiStore' | 'appStore'>) {
  async function attempt(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (reason) {
      const e = ApiError.from(reason);
      toast.error(e.message, { description: e.hint });
    }
  }
  const undo = (action: () => Promise<unknown>) => ({ label: 'Undo', onClick: () => void attempt(action) });
  const ids = (vms: readonly VM[]) => vms.map((vm) => vm.id);

  /** Changes those of vms that the change means anything to, and takes it back for exactly these. */
  function edit(vms: readonly VM[], change: VMEdit, back: VMEdit, words: string): void {
    if (vms.length === 0) return;
    const which = ids(vms);
    void attempt(async () => {
      await vmStore.editVMs(which, change);
      toast(words, { action: undo(() => vmStore.editVMs(which, back)), duration: UNDO_MS });
    });
  }

  return {
    attempt,
    test: (vm: VM) => void attempt(async () => {
      const t = await vmStore.testConnection(vm.id);
      if (t.ok) toast.success(`${vm.name} answers in ${t.millis} ms`, { description: [t.connected, t.server].filter(Boolean).join(' · ') });
      else toast.error(`${vm.name}: ${t.error?.message ?? 'not reachable'}`, { description: t.error?.hint });
    }),
    copyLine: (vm: VM) => void attempt(async () => {
      const line = await vmStore.sshLine(vm.id);
      await appStore.copy(line);
      toast('Copied', { description: line });
    }),
    terminal: (vm: VM) => void attempt(() => vmStore.openTerminal(vm.id)),
    power: (vm: VM, action: PowerAction) => void attempt(() => vmStore.setPower(vm.id, action)),
    /** Chooses them and goes to where one types. */
    run(vms: readonly VM[]) {
      vmStore.selectAll(ids(vms));
      uiStore.show('run');
      requestAnimationFrame(() => document.getElementById('command-line')?.focus());
    },
    favourite(vms: readonly VM[], on: boolean) {
      const which = vms.filter((vm) => vm.favourite !== on);
      if (which.length === 1) void attempt(() => vmStore.editVMs(ids(which), { favourite: on }));
      else edit(which, { favourite: on }, { favourite: !on }, on ? `${named(which)} among the favourites` : `${named(which)} no longer among the favourites`);
    },
    hide(vms: readonly VM[], on: boolean) {
      const which = vms.filter((vm) => vm.hidden !== on);
      edit(which, { hidden: on }, { hidden: !on }, on ? `${named(which)} hidden. The menu above the list shows hidden ones.` : `${named(which)} shown again`);
    },
    addTag(vms: readonly VM[], tag: string) {
      const which = vms.filter((vm) => !vm.tags.includes(tag));
      edit(which, { addTags: [tag] }, { removeTags: [tag] }, `Tag “${tag}” on ${named(which)}`);
    },
    removeTag(vms: readonly VM[], tag: string) {
      const which = vms.filter((vm) => vm.tags.includes(tag));
      edit(which, { removeTags: [tag] }, { addTags: [tag] }, `Tag “${tag}” taken off ${named(which)}`);
    },
    setEnvironment(vms: readonly VM[], environment: Environment) {
      const which = vms.filter((vm) => vm.environment !== environment);
      const before = new Map<Environment, string[]>();
      for (const vm of which) before.set(vm.environment, [...(before.get(vm.environment) ?? []), vm.id]);
      if (which.length === 0) return;
      void attempt(async () => {
        await vmStore.editVMs(ids(which), { environment });
        toast(`${named(which)} marked as ${environment}`, {
          action: undo(async () => { for (const [old, some] of before) await vmStore.editVMs(some, { environment: old }); }), duration: UNDO_MS,
        });
      });
    },
    remove: (vms: readonly VM[]) => void attempt(async () => {
      const which = ids(vms);
      if (which.length === 0) return;
      await vmStore.deleteVMs(which);
      toast(`${named(vms)} deleted`, { description: vms.length === 1 ? 'Its history stays.' : 'Their history stays.', action: undo(() => vmStore.restoreVMs(which)), duration: UNDO_MS });
    }),
  };
}
export type VMActions = ReturnType<typeof createVMActions>;
