import { flushSync, mount, unmount, type Component } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Address, ConnectionTest, VM } from '../../services/api/types';
import { provideStores, type Stores } from '../../stores/StoresContainer';
import { createUIStore } from '../../stores/uiStore.svelte';
import { createVMStore } from '../../stores/vmStore.svelte';
import VMForm from './VMForm.svelte';

// jsdom lays nothing out, so it has nothing to scroll.
Element.prototype.scrollIntoView = () => {};

const vm = (more: Partial<VM> = {}): VM => ({
  id: 'v1', name: 'web-1', source: 'manual', sourceKey: '', user: 'deploy', host: '10.0.4.11', port: 2222, jump: '', identityFile: '', environment: 'production',
  provider: '', tags: ['web'], description: '', favourite: false, hidden: false, plain: false, lastUsedAt: null, createdAt: '2026-11-24T10:00:00Z', updatedAt: '2026-11-24T10:00:00Z', ...more,
});

function setUp() {
  const vmService = {
    list: vi.fn(async () => [vm()]), create: vi.fn(async (v: VM) => ({ ...v, id: 'new' })), update: vi.fn(async (v: VM) => v), delete: vi.fn(async () => {}), restore: vi.fn(async () => [vm()]),
    parseAddress: vi.fn(async (): Promise<Address> => ({ user: 'root', host: '2001:db8::7', port: 2200 })), discover: vi.fn(async () => ({ new: [], changed: [], gone: [], problems: [], sources: [], notes: [] }) as never), apply: vi.fn(async () => []),
    test: vi.fn(async (): Promise<ConnectionTest> => ({ ok: true, millis: 12, connected: 'deploy@10.0.4.11', server: 'OpenSSH_9.6' })),
    testUnsaved: vi.fn(async (): Promise<ConnectionTest> => ({ ok: false, millis: 0, connected: '', server: '', error: { code: 'unreachable', message: 'Nothing answers there.', hint: 'Is it on?', field: '', details: '' } })),
    explain: vi.fn(async () => ({ name: '', settings: [], source: 'own' as const, reason: '' })), check: vi.fn(async () => ({ name: '', ok: true, micros: 0, steps: [] })),
    edit: vi.fn(), reach: vi.fn(async () => []), setPower: vi.fn(), reviewImport: vi.fn(), takeImport: vi.fn(), export: vi.fn(), saveExport: vi.fn(), openTerminal: vi.fn(async () => undefined), sshLine: vi.fn(async () => ''),
  };
  const vmStore = createVMStore({ vmService, events: { on: () => () => {}, onGap: () => () => {} } });
  const uiStore = createUIStore();
  const stores = { vmStore, uiStore, appStore: { copy: vi.fn() } } as unknown as Stores;
  const within: Component = (anchor, props) => { provideStores(stores); return VMForm(anchor, props); };
  const app = mount(within, { target: document.body, context: new Map() });
  return { vmService, vmStore, uiStore, end: () => unmount(app) };
}

let s: ReturnType<typeof setUp>;
beforeEach(() => { s = setUp(); });
afterEach(async () => { await s.end(); document.body.innerHTML = ''; });

const settle = async () => { await new Promise((done) => setTimeout(done, 20)); flushSync(); };
const field = (id: string) => document.getElementById(`vm-${id}`) as HTMLInputElement;
function type(id: string, text: string) {
  field(id).value = text;
  field(id).dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
}
const button = (text: string) => [...document.querySelectorAll('button')].find((b) => b.textContent?.includes(text));
const ctrlEnter = () => field('name').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true }));

it('takes a pasted address apart and names the VM after it', async () => {
  s.uiStore.addVM();
  await settle();
  type('host', 'ssh -p 2200 root@2001:db8::7');
  field('host').dispatchEvent(new Event('change', { bubbles: true }));
  await settle();
  expect([field('host').value, field('user').value, field('port').value, field('name').value]).toEqual(['2001:db8::7', 'root', '2200', '2001:db8::7']);
});

it('saves with Ctrl+Enter, with a tag still being typed', async () => {
  s.uiStore.addVM();
  await settle();
  type('name', 'shop-prod');
  type('host', '10.0.4.12');
  type('tags', 'web, eu');
  ctrlEnter();
  await settle();
  expect(s.vmService.create).toHaveBeenCalledWith(expect.objectContaining({ name: 'shop-prod', host: '10.0.4.12', port: 0, tags: ['web', 'eu'], environment: 'production' }));
  expect(s.uiStore.vmForm).toBeNull();
});

it('shows an error at its field and keeps what was typed', async () => {
  s.vmService.create.mockRejectedValueOnce(Object.assign(new Error('web-1 is there already.'), { code: 'conflict', hint: '', field: 'name', details: '' }));
  s.uiStore.addVM();
  await settle();
  type('name', 'web-1');
  type('host', '10.0.4.12');
  ctrlEnter();
  await settle();
  expect(document.getElementById('vm-name-error')?.textContent).toBe('web-1 is there already.');
  expect(document.activeElement).toBe(field('name'));
  expect(field('host').value).toBe('10.0.4.12');
});

it('refuses a port that is no number without asking the app', async () => {
  s.uiStore.editVM(vm());
  await settle();
  type('port', '22a');
  ctrlEnter();
  await settle();
  expect(document.getElementById('vm-port-error')?.textContent).toContain('1 to 65535');
  expect(s.vmService.update).not.toHaveBeenCalled();
});

it('asks before unsaved changes go, and closes at once without any', async () => {
  s.uiStore.editVM(vm());
  await settle();
  button('Cancel')?.click();
  await settle();
  expect(s.uiStore.vmForm).toBeNull();

  s.uiStore.editVM(vm());
  await settle();
  type('name', 'web-9');
  button('Cancel')?.click();
  await settle();
  expect(document.body.textContent).toContain('Discard changes?');
  expect(s.uiStore.vmForm).not.toBeNull();
  button('Discard')?.click();
  await settle();
  expect(s.uiStore.vmForm).toBeNull();
});

it('shows the connection of a host from ssh_config, and tests the saved one', async () => {
  s.uiStore.editVM(vm({ source: 'ssh_config', sourceKey: 'web-1' }));
  await settle();
  expect(document.body.textContent).toContain('read live from your SSH config');
  expect(field('host')).toBeNull();
  button('Test connection')?.click();
  await settle();
  expect(s.vmService.test).toHaveBeenCalledWith('v1');
  expect(document.body.textContent).toContain('Reached in 12 ms · deploy@10.0.4.11 · OpenSSH_9.6');
});

it('tests what stands in the form, and forgets the answer when the address changes', async () => {
  s.uiStore.addVM();
  await settle();
  type('host', '10.0.4.12');
  button('Test connection')?.click();
  await settle();
  expect(document.body.textContent).toContain('Nothing answers there.');
  expect(document.body.textContent).toContain('Is it on?');
  type('host', '10.0.4.13');
  expect(document.body.textContent).not.toContain('Nothing answers there.');
});

it('a copy is a VM of its own', async () => {
  s.uiStore.editVM(vm({ source: 'ssh_config', sourceKey: 'web-1' }), true);
  await settle();
  expect(field('name').value).toBe('web-1 copy');
  ctrlEnter();
  await settle();
  expect(s.vmService.create).toHaveBeenCalledWith(expect.objectContaining({ id: '', source: 'manual', sourceKey: '' }));
});
