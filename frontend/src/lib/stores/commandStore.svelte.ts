import type { CommandAPIService } from '../services/api/CommandAPIService';
import type { Command, CommandImportRow, CommandResult, Job, Param } from '../services/api/types';
import type { WebSocketManager } from '../services/events/WebSocketManager';
import { createStoreFactory } from './base.svelte';
import type { VMStore } from './vmStore.svelte';

interface Dependencies {
  commandService: Pick<CommandAPIService, 'list' | 'create' | 'update' | 'delete' | 'restore' | 'preview'> & Partial<CommandAPIService>;
  events: Pick<WebSocketManager, 'on' | 'onGap'>;
  vmStore: Pick<VMStore, 'selectedVMs'>;
}

/** The saved commands, and those that fit the chosen VMs. */
export const createCommandStore = createStoreFactory((base, { commandService, events, vmStore }: Dependencies) => {
  let commands = $state.raw<Command[]>([]);
  let loaded = $state(false);
  let chosen = $state<string | null>(null);
  let latest = $state('');
  let results = $state.raw<ReadonlyMap<string, CommandResult>>(new Map());
  /** Optional in tests that need none of it. */
  const service = commandService as CommandAPIService;

  // Offered where every chosen VM is in scope; with none chosen, all are shown.
  const offered = $derived.by(() => {
    const vms = vmStore.selectedVMs;
    return commands.filter(({ scope }) => scope.kind === 'everywhere' || vms.every((vm) =>
      scope.kind === 'vms' ? scope.vmIds.includes(vm.id) : scope.tags.some((tag) => vm.tags.includes(tag))));
  });
  const byId = $derived(new Map(commands.map((c) => [c.id, c])));
  const chosenCommand = $derived(chosen === null ? null : (byId.get(chosen) ?? null));

  async function loadCommands(): Promise<void> {
    const list = await base.loadLatest(() => commandService.list());
    if (!list) return;
    commands = list;
    loaded = true;
    if (chosen && !list.some((c) => c.id === chosen)) chosen = null;
    void loadResults();
  }

  async function loadResults(): Promise<void> {
    if (!commandService.results) return;
    const list = await commandService.results().catch(() => []);
    results = new Map(list.map((r) => [r.commandId, r]));
  }

  /** What a job's event says of its command's last result. */
  function note(job: Job): void {
    const id = job.commandId;
    const known = id ? results.get(id) : undefined;
    if (!id || (known && known.jobNumber > job.number)) return;
    results = new Map(results).set(id, { commandId: id, jobId: job.id, jobNumber: job.number, status: job.status, runCount: job.runCount, startedAt: job.createdAt, finishedAt: job.finishedAt ?? null });
  }

  const stops = [events.on('commands:changed', () => void loadCommands()), events.onGap(() => void loadCommands()), events.on('job:changed', (e) => note(e.job))];

  return {
    get commands() { return commands; },
    get loaded() { return loaded; },
    get offered() { return offered; },
    get chosen() { return chosenCommand; },
    /** The command of that id, if it is there. */
    get: (id: string | undefined): Command | undefined => (id ? byId.get(id) : undefined),
    /** The one that came last by the person's doing: the list shows where it stands. */
    get latest() { return latest; },
    choose(id: string | null) { chosen = id; },
    loadCommands,
    async createCommand(c: Command) { const made = await commandService.create(c); await loadCommands(); latest = made.id; return made; },
    async updateCommand(c: Command) { const made = await commandService.update(c); await loadCommands(); return made; },
    async deleteCommand(id: string) { await commandService.delete(id); await loadCommands(); },
    async restoreCommand(id: string) { await commandService.restore(id); await loadCommands(); latest = id; },
    /** The last job of a command, if there is one. */
    resultOf: (id: string): CommandResult | null => results.get(id) ?? null,
    versions: (id: string) => service.versions(id),
    /** Puts commands into a group, in this order; the list shows it at once. */
    async arrange(group: string, ids: string[]) {
      const place = new Map(ids.map((id, i) => [id, i]));
      commands = commands.map((c) => { const order = place.get(c.id); return order === undefined ? c : { ...c, group, order }; });
      try { await service.arrange(group, ids); } finally { await loadCommands(); }
    },
    lint: async (script: string) => (commandService.lint ? commandService.lint(script) : []),
    choices: (p: Param, vmId: string) => service.choices(p, vmId),
    suggestions: () => service.suggestions(),
    exportCommands: (format: 'yaml' | 'ansible', ids: string[]) => service.export(format, ids),
    saveExport: (format: 'yaml' | 'ansible', ids: string[]) => service.saveExport(format, ids),
    saveFolder: (ids: string[]) => service.saveFolder(ids),
    chooseFile: (title: string, folder = false) => service.chooseFile(title, folder),
    reviewImport: (path: string) => service.reviewImport(path),
    async takeImport(rows: CommandImportRow[]) { const n = await service.takeImport(rows); await loadCommands(); return n; },
    reviewShipped: () => service.reviewShipped(),
    async takeShipped(ids: string[]) { const n = await service.takeShipped(ids); await loadCommands(); return n; },
    library: () => service.library(),
    async setLibrary(folder: string) { const l = await service.setLibrary(folder); await loadCommands(); return l; },
    preview: (c: Command, values: Record<string, string>) => commandService.preview(c, values),
    keptSecrets: (id: string) => service.kept(id),
    keepSecret: (id: string, name: string, value: string) => service.keep(id, name, value),
    forgetSecret: (id: string, name: string) => service.forget(id, name),
    destroy() { for (const stop of stops) stop(); },
  };
});
export type CommandStore = ReturnType<typeof createCommandStore>;
