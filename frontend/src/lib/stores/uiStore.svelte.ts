import type { Command, VM } from '../services/api/types';

/** A dialog about saved commands: files, the folder, what came with the app, shell histories, edits of one. */
export type CommandDialog = { kind: 'import' | 'library' | 'shipped' | 'suggestions' } | { kind: 'export'; ids: string[]; name: string } | { kind: 'versions'; command: Command };
/** What is edited and run: a free script, or a saved command with values. `at` tells two equal ones apart. */
export interface Draft { script: string; commandId: string; values: Record<string, string>; at: number }

/** How the output of all VMs of a job is shown: the last lines of each, all lines in the order in which they came, or once
 * what some of them said alike. */
export type JobView = 'vms' | 'merged' | 'same';

/** What stands open in the window. */
export function createUIStore() {
  let view = $state<'run' | 'history'>('run');
  let vmForm = $state.raw<{ vm: VM | null; copy: boolean } | null>(null);
  let commandForm = $state.raw<{ command: Command | null; copy: boolean; /** What a new one begins with. */ like: Partial<Command> } | null>(null);
  let commands = $state.raw<CommandDialog | null>(null);
  let review = $state(false);
  let keys = $state(false);
  let settings = $state(false);
  let explained = $state.raw<VM | null>(null);
  let importing = $state(false);
  let exporting = $state.raw<string[] | null>(null);
  let tagging = $state.raw<string[] | null>(null);
  let log = $state.raw<{ jobId: string; runId: string; line: number } | null>(null);
  let logExport = $state.raw<{ jobId: string; runId: string } | null>(null);
  let searching = $state(false);
  let draft = $state.raw<Draft | null>(null);
  let compared = $state.raw<{ runId: string; against: string } | null>(null);
  let palette = $state(false);
  let jobView = $state<JobView>('vms');

  return {
    get view() { return view; },
    get vmForm() { return vmForm; },
    get commandForm() { return commandForm; },
    get reviewOpen() { return review; },
    get keysOpen() { return keys; },
    get settingsOpen() { return settings; },
    /** The VM whose connection is explained. */
    get explained() { return explained; },
    get importing() { return importing; },
    /** The VMs that the export begins with; none is all. */
    get exporting() { return exporting; },
    /** The VMs whose tags are changed. */
    get tagging() { return tagging; },
    get log() { return log; },
    /** The job and run whose output the export dialog is open for. */
    get logExport() { return logExport; },
    /** What "Edit and run" puts into the command line. */
    get draft() { return draft; },
    /** The search over every line stands in the place of everything else. */
    get searchOpen() { return searching; },
    openSearch() { searching = true; },
    closeSearch() { searching = false; },
    show(next: 'run' | 'history') { view = next; searching = false; },
    addVM() { vmForm = { vm: null, copy: false }; },
    editVM(vm: VM, copy = false) { vmForm = { vm, copy }; },
    closeVMForm() { vmForm = null; },
    addCommand(script = '', like: Partial<Command> = {}) { commandForm = { command: null, copy: false, like: { ...like, script } }; },
    editCommand(command: Command, copy = false) { commandForm = { command, copy, like: {} }; },
    closeCommandForm() { commandForm = null; },
    get commandDialog() { return commands; },
    openCommands(dialog: CommandDialog) { commands = dialog; },
    closeCommands() { commands = null; },
    openReview() { review = true; },
    closeReview() { review = false; },
    toggleSettings(open: boolean) { settings = open; },
    toggleKeys(open: boolean) { keys = open; },
    explain(vm: VM) { explained = vm; },
    closeExplained() { explained = null; },
    importVMs(open = true) { importing = open; },
    exportVMs(ids: string[] | null) { exporting = ids; },
    tagVMs(ids: string[] | null) { tagging = ids; },
    /** Opens a job's log, of a run if one is named, and there at a line from 1. */
    openLog(jobId: string, runId = '', line = 0) { log = { jobId, runId, line }; },
    closeLog() { log = null; },
    exportLog(jobId: string, runId = '') { logExport = { jobId, runId }; },
    closeLogExport() { logExport = null; },
    editAndRun(script: string, commandId = '', values: Record<string, string> = {}) { draft = { script, commandId, values, at: performance.now() }; view = 'run'; searching = false; },
    /** The run that is shown beside an earlier one; against '' is the one before. */
    get compared() { return compared; },
    compare(runId: string, against = '') { compared = { runId, against }; },
    closeCompared() { compared = null; },
    /** The one chosen last: the next job begins with it. */
    get jobView() { return jobView; },
    set jobView(next: JobView) { jobView = next; },
    get paletteOpen() { return palette; },
    togglePalette(open: boolean) { palette = open; },
  };
}
export type UIStore = ReturnType<typeof createUIStore>;
