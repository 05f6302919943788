import type { Command, Job, VM } from '../../services/api/types';
import { rank } from '../../utils/fuzzy';

export type Kind = 'vm' | 'command' | 'job' | 'action';

/** An action or setting of the window. */
export interface Action { id: string; name: string; hint: string; key?: string; do: () => void }

export type Entry = { id: string; at: number[] } & ({ kind: 'vm'; vm: VM } | { kind: 'command'; command: Command } | { kind: 'job'; job: Job } | { kind: 'action'; action: Action });

export interface Source { vms: readonly VM[]; commands: readonly Command[]; jobs: readonly Job[]; actions: readonly Action[]; /** When a command was last run, in milliseconds. */ ran: ReadonlyMap<string, number> }

export const KINDS: { kind: Kind | ''; label: string }[] = [{ kind: '', label: 'All' }, { kind: 'command', label: 'Commands' }, { kind: 'vm', label: 'VMs' }, { kind: 'job', label: 'Jobs' }, { kind: 'action', label: 'Actions and settings' }];

/** Rows of each kind when all are shown, and when one is. */
const FEW = 5;
const MANY = 50;

/** What is looked through, in small letters: made once for each version of a VM or command, not with each letter typed. */
const texts = new WeakMap<object, string>();
function textOf<T extends object>(item: T, make: (item: T) => string): string {
  let text = texts.get(item);
  if (text === undefined) texts.set(item, (text = make(item).toLowerCase()));
  return text;
}
const commandText = (c: Command) => `${c.name} ${c.group}`;
const vmText = (vm: VM) => `${vm.name} ${vm.host} ${vm.tags.join(' ')}`;

const used = (vm: VM): number => (vm.lastUsedAt ? Date.parse(vm.lastUsedAt) : 0) + (vm.favourite ? 1 : 0);

/** What fits the text, by kind; with no text, what was used of late. Jobs were found by Go, newest first. */
export function entriesOf(wanted: string, only: Kind | '', source: Source): { kind: Kind; label: string; entries: Entry[] }[] {
  const text = wanted.trim();
  const limit = only ? MANY : text ? FEW : 4;
  const of: Record<Kind, () => Entry[]> = {
    command: () => rank(text, source.commands, (c) => textOf(c, commandText), (c) => source.ran.get(c.id) ?? 0, limit).map(({ item, match }) => ({ kind: 'command', id: `c-${item.id}`, at: match.at, command: item })),
    vm: () => rank(text, source.vms, (vm) => textOf(vm, vmText), used, limit).map(({ item, match }) => ({ kind: 'vm', id: `v-${item.id}`, at: match.at, vm: item })),
    job: () => source.jobs.slice(0, only ? MANY : limit).map((job) => ({ kind: 'job', id: `j-${job.id}`, at: [], job })),
    action: () => rank(text, source.actions, (a) => a.name, () => 0, only || !text ? MANY : limit).map(({ item, match }) => ({ kind: 'action', id: `a-${item.id}`, at: match.at, action: item })),
  };
  const kinds = KINDS.flatMap((k) => (k.kind && (!only || only === k.kind) ? [{ kind: k.kind, label: k.label }] : []));
  const groups = kinds.map((k) => ({ ...k, entries: of[k.kind]() })).filter((g) => g.entries.length > 0);
  if (!text || only) return groups;
  // The kind with the best name first: what was typed stands in it from its beginning, or at least in one piece.
  const quality = (g: { entries: Entry[] }) => { const at = g.entries[0]?.at ?? []; return at.length === 0 || !contiguous(at) ? 0 : at[0] === 0 ? 2 : 1; };
  return groups.sort((a, b) => quality(b) - quality(a));
}

const contiguous = (at: number[]): boolean => at.every((n, i) => i === 0 || n === (at[i - 1] ?? 0) + 1);

/** A name in pieces, those that fit told apart. */
export function pieces(name: string, at: readonly number[]): { text: string; fits: boolean }[] {
  const fits = new Set(at);
  const out: { text: string; fits: boolean }[] = [];
  Array.from(name).forEach((c, i) => {
    const last = out.at(-1);
    if (last && last.fits === fits.has(i)) last.text += c;
    else out.push({ text: c, fits: fits.has(i) });
  });
  return out;
}
