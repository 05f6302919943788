import type { Environment, Power, VM, VMGroupBy } from '../../services/api/types';
import type { Reach } from '../../stores/vmStore.svelte';

/** The key tells a tag that is called Favourites from the favourites. */
export interface Group { key: string; name: string; vms: VM[] }

/** What a filter may ask beside the VM itself. */
export interface Known { reach?: ReadonlyMap<string, Reach>; power?: (id: string) => Power }

const RECENT = 5;
const environments: Environment[] = ['production', 'staging', 'test', 'development'];
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** How a source is called on the screen. */
export const sourceName = (source: string): string => ({ ssh_config: 'SSH config', manual: 'By hand', import: 'Imported', demo: 'Demo fleet' })[source] ?? capital(source);

function is(vm: VM, what: string, known: Known): boolean {
  const reach = known.reach?.get(vm.id);
  switch (what) {
    case 'favourite': return vm.favourite;
    case 'reachable': return reach?.state === 'done' && reach.test.ok;
    case 'unreachable': return reach?.state === 'done' && !reach.test.ok;
    case 'hidden': return vm.hidden;
    default: return (known.power?.(vm.id) ?? '') === what;
  }
}

/** The filter words that mean something of their own; each is shown in the filter's help. */
export const keys = ['tag:', 'env:', 'source:', 'provider:', 'is:'] as const;

/**
 * What fits a filter: every word in name, address, description, environment, provider or tags; "tag:web", "env:prod",
 * "source:", "provider:" and "is:reachable" ask for one thing. Hidden ones only where they are asked for.
 */
export function matching(vms: readonly VM[], filter: string, hidden = false, known: Known = {}): VM[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean).map((word) => ({ word, key: word.slice(0, word.indexOf(':') + 1), text: word.slice(word.indexOf(':') + 1) }));
  const all = hidden || words.some(({ word }) => word === 'is:hidden');
  return vms.filter((vm) => (all || !vm.hidden) && words.every(({ word, key, text }) => {
    switch (key) {
      case 'tag:': return vm.tags.some((tag) => tag.toLowerCase().startsWith(text));
      case 'env:': return vm.environment.startsWith(text);
      case 'source:': return vm.source.startsWith(text) || sourceName(vm.source).toLowerCase().startsWith(text);
      case 'provider:': return vm.provider.toLowerCase().startsWith(text);
      case 'is:': return text === '' || is(vm, text, known);
    }
    return [vm.name, vm.user, vm.host, vm.sourceKey, vm.description, vm.environment, vm.provider, ...vm.tags].some((value) => value.toLowerCase().includes(word));
  }));
}

const byCount = new Intl.Collator('en', { numeric: true });

/** VMs in the order of their names: web-2 before web-10. */
export const inOrder = (vms: readonly VM[]): VM[] => [...vms].sort((a, b) => byCount.compare(a.name, b.name));

/** Favourites, the latest used, then groups, of VMs in order. Each stands once, but by tag: there in every group whose tag it has. */
export function grouped(vms: readonly VM[], by: VMGroupBy = 'environment'): Group[] {
  const hidden = vms.filter((vm) => vm.hidden);
  const seen = vms.filter((vm) => !vm.hidden);
  const favourites = seen.filter((vm) => vm.favourite);
  const rest = seen.filter((vm) => !vm.favourite);
  // With few VMs "recent" would only tear the groups apart.
  const recent = rest.length <= 2 * RECENT ? [] : rest.filter((vm) => vm.lastUsedAt).sort((a, b) => Date.parse(b.lastUsedAt ?? '') - Date.parse(a.lastUsedAt ?? '')).slice(0, RECENT);
  const shown = new Set(recent);
  const named = new Map<string, VM[]>();
  const put = (name: string, vm: VM) => { const group = named.get(name); if (group) group.push(vm); else named.set(name, [vm]); };
  for (const vm of rest) {
    if (shown.has(vm)) continue;
    if (by === 'environment') put(capital(vm.environment), vm);
    else if (by === 'source') put(sourceName(vm.source), vm);
    else if (by === 'provider') put(vm.provider || 'No provider', vm);
    else if (by === 'none') put('All', vm);
    else if (vm.tags.length === 0) put('No tag', vm);
    else for (const tag of vm.tags) put(tag, vm);
  }
  const order = by === 'environment' ? environments.map(capital) : [...named.keys()].sort((a, b) => Number(a.startsWith('No ')) - Number(b.startsWith('No ')) || byCount.compare(a, b));
  return [
    { key: 'favourites', name: 'Favourites', vms: favourites },
    { key: 'recent', name: 'Recent', vms: recent },
    ...order.map((name) => ({ key: `group ${name}`, name, vms: named.get(name) ?? [] })),
    { key: 'hidden', name: 'Hidden', vms: hidden },
  ].filter((group) => group.vms.length > 0);
}

/** Every tag with how many VMs have it, the most used first. */
export function tagsOf(vms: readonly VM[]): { tag: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const vm of vms) for (const tag of vm.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].map(([tag, count]) => ({ tag, count })).sort((a, b) => b.count - a.count || byCount.compare(a.tag, b.tag));
}

/** user@host:port as a person reads it, with the way there. */
export function addressOf(vm: VM): string {
  const port = vm.port && vm.port !== 22 ? `:${vm.port}` : '';
  const host = port && vm.host.includes(':') ? `[${vm.host}]` : vm.host;
  return `${vm.user ? `${vm.user}@` : ''}${host || vm.sourceKey}${port}${vm.jump && vm.jump !== 'none' ? ` via ${vm.jump}` : ''}`;
}

/** "just now", "5 min ago", "3 h ago", "12 days ago"; "never" for none. */
export function ago(at: string | null | undefined, now = Date.now()): string {
  if (!at) return 'never';
  const minutes = Math.floor((now - Date.parse(at)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
}
