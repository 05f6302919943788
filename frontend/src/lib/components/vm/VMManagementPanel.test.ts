import { flushSync, mount, unmount, type Component } from 'svelte';
import { afterEach, expect, it, vi } from 'vitest';
import { aVM, fakeEvents } from '../../stores/fakes';
import type { Review } from '../../services/api/types';
import { provideStores, type Stores } from '../../stores/StoresContainer';
import { createUIStore } from '../../stores/uiStore.svelte';
import { createVMStore } from '../../stores/vmStore.svelte';
import VMManagementPanel from './VMManagementPanel.svelte';

globalThis.ResizeObserver ??= class { observe() {} unobserve() {} disconnect() {} };

const review: Review = {
  new: [], changed: [], gone: [], problems: [], files: [], known: 2,
  sources: [{ source: 'ssh_config', state: 'ready', hosts: 2 }, { source: 'multipass', state: 'asking', hosts: 0 }, { source: 'libvirt', state: 'failed', hosts: 0, error: { code: 'connect_timeout', message: 'libvirt didn’t answer within 30s', hint: 'Look again later.', field: '', details: '' } }],
  notes: [{ vmId: 'a', power: 'running', warnings: [] }, { vmId: 'b', power: 'stopped', warnings: ['The identity file ~/.ssh/x is missing.'] }],
};

let end: () => void = () => {};
afterEach(() => { end(); document.body.innerHTML = ''; });

async function setUp() {
  const vmService = { list: vi.fn(async () => [aVM('a'), aVM('b'), aVM('c')]), discover: vi.fn(async () => review), reach: vi.fn(async () => []) };
  const vmStore = createVMStore({ vmService: vmService as never, events: fakeEvents() as never });
  const stores = {
    vmStore, uiStore: createUIStore(), appStore: { copy: vi.fn() }, jobStore: { running: [] },
    settingsStore: { value: { vmGroup: 'environment', checkReach: false }, set: vi.fn() },
  } as unknown as Stores;
  const within: Component = (anchor, props) => { provideStores(stores); return VMManagementPanel(anchor, props); };
  const app = mount(within, { target: document.body });
  end = () => { void unmount(app); };
  return { vmStore, vmService };
}

it('shows the VMs before any source has answered, and then which of them is still being asked or can’t be', async () => {
  const { vmStore } = await setUp();
  await vmStore.loadVMs();
  flushSync();
  expect(document.body.textContent).toContain('3 in all');
  expect(document.body.textContent).not.toContain('asking');
  await vmStore.discoverVMs();
  flushSync();
  const says = [...document.querySelectorAll('[role=status], [role=alert]')].map((e) => e.textContent?.replace(/\s+/g, ' ').trim());
  expect(says).toContainEqual('Multipass: asking…');
  expect(says.some((text) => text?.includes('Libvirt can’t be asked') && text.includes('didn’t answer within 30s'))).toBe(true);
});

it('counts what runs and what is stopped where a source knows', async () => {
  const { vmStore } = await setUp();
  await vmStore.loadVMs();
  await vmStore.discoverVMs();
  flushSync();
  expect(document.querySelector('[aria-label=Counts]')?.textContent).toMatch(/1 running\s*1 stopped/);
});
