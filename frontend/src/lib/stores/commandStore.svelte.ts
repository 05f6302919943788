import type { CommandAPIService } from '../services/api/CommandAPIService';
import type { Command } from '../services/api/types';
import type { WebSocketManager } from '../services/events/WebSocketManager';
import { createStoreFactory } from './base.svelte';
import type { VMStore } from './vmStore.svelte';

interface Dependencies {
  commandService: Pick<CommandAPIService, 'list' | 'create' | 'update' | 'delete' | 'restore' | 'preview'>;
  events: Pick<WebSocketManager, 'on' | 'onGap'>;
  vmStore: Pick<VMStore, 'selectedVMs'>;
}

/** The saved commands, and those that fit the chosen VMs. */
export const createCommandStore = createStoreFactory((base, { commandService, events, vmStore }: Dependencies) => {
  let commands = $state.raw<Command[]>([]);
  let loaded = $state(false);
  let chosen = $state<string | null>(null);

  // Offered where every chosen VM is in scope; with none chosen, all are shown.
  const offered = $derived(
    commands.filter((c) => c.scope.kind === 'everywhere' || vmStore.selectedVMs.every((vm) =>
      c.scope.kind === 'vms' ? c.scope.vmIds.includes(vm.id) : c.scope.tags.some((tag) => vm.tags.includes(tag)))),
  );

  async function loadCommands(): Promise<void> {
    const list = await base.loadLatest(() => commandService.list());
    if (!list) return;
    commands = list;
    loaded = true;
    if (chosen && !list.some((c) => c.id === chosen)) chosen = null;
  }

  const stops = [events.on('commands:changed', () => void loadCommands()), events.onGap(() => void loadCommands())];

  return {
    get commands() { return commands; },
    get loaded() { return loaded; },
    get offered() { return offered; },
    get chosen() { return commands.find((c) => c.id === chosen) ?? null; },
    choose(id: string | null) { chosen = id; },
    loadCommands,
    async createCommand(c: Command) { const made = await commandService.create(c); await loadCommands(); return made; },
    async updateCommand(c: Command) { const made = await commandService.update(c); await loadCommands(); return made; },
    async deleteCommand(id: string) { await commandService.delete(id); await loadCommands(); },
    async restoreCommand(id: string) { await commandService.restore(id); await loadCommands(); },
    preview: (c: Command, values: Record<string, string>) => commandService.preview(c, values),
    destroy() { for (const stop of stops) stop(); },
  };
});
export type CommandStore = ReturnType<typeof createCommandStore>;
