import type { Environment, VM } from '../../services/api/types';

export interface Group { name: string; vms: VM[] }

const RECENT = 5;
const environments: Environment[] = ['production', 'staging', 'test', 'development'];

/** What fits a filter: every word in name, address, description or environment; "tag:web" is a tag. */
export function matching(vms: readonly VM[], filter: string): VM[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return vms.filter((vm) => !vm.hidden && words.every((word) => {
    if (word.startsWith('tag:')) return vm.tags.some((tag) => tag.toLowerCase().startsWith(word.slice(4)));
    return [vm.name, vm.user, vm.host, vm.description, vm.environment, vm.provider, ...vm.tags].some((text) => text.toLowerCase().includes(word));
  }));
}

/** Favourites, the latest used, then by environment. Each VM stands once. */
export function grouped(vms: readonly VM[]): Group[] {
  const byName = [...vms].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const favourites = byName.filter((vm) => vm.favourite);
  const rest = byName.filter((vm) => !vm.favourite);
  // With few VMs "recent" would only tear the environments apart.
  const recent = rest.length <= 2 * RECENT ? [] : rest.filter((vm) => vm.lastUsedAt).sort((a, b) => Date.parse(b.lastUsedAt ?? '') - Date.parse(a.lastUsedAt ?? '')).slice(0, RECENT);
  const shown = new Set(recent);
  return [
    { name: 'Favourites', vms: favourites },
    { name: 'Recent', vms: recent },
    ...environments.map((environment) => ({ name: environment[0]?.toUpperCase() + environment.slice(1), vms: rest.filter((vm) => vm.environment === environment && !shown.has(vm)) })),
  ].filter((group) => group.vms.length > 0);
}

/** user@host:port as a person reads it, with the way there. */
export function addressOf(vm: VM): string {
  const port = vm.port && vm.port !== 22 ? `:${vm.port}` : '';
  const host = port && vm.host.includes(':') ? `[${vm.host}]` : vm.host;
  return `${vm.user ? `${vm.user}@` : ''}${host || vm.sourceKey}${port}${vm.jump && vm.jump !== 'none' ? ` via ${vm.jump}` : ''}`;
}
