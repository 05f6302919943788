import { flushSync, mount, unmount, type Component } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Command, Param, Preview } from '../../services/api/types';
import { createCommandStore } from '../../stores/commandStore.svelte';
import { provideStores, type Stores } from '../../stores/StoresContainer';
import { createUIStore } from '../../stores/uiStore.svelte';
import AddCommandForm from './AddCommandForm.svelte';
import { firstLine } from './Command.svelte';
import CommandPanel from './CommandPanel.svelte';

// There is no layout here: the list is as high as a window.
Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 800 });
globalThis.ResizeObserver ??= class { observe() {} unobserve() {} disconnect() {} };

const at = '2026-11-24T10:00:00Z';
const command = (id: string, more: Partial<Command> = {}): Command => ({
  id, name: id, description: '', kind: 'ssh', script: 'uptime', params: [], scope: { kind: 'everywhere', tags: [], vmIds: [] }, group: '', workDir: '', env: {},
  options: { terminal: false, merge: false, expectsDisconnect: false, onLost: '' }, timeoutSeconds: 600, confirm: false, order: 0, shipped: false, library: '', createdAt: at, updatedAt: at, ...more,
});
const param = (name: string): Param => ({ name, type: 'text', default: '', choices: [], required: true, pattern: '', help: '', stdin: false, from: '', fromLocal: false, min: null, max: null });
const previewOf = (c: Command): Preview => ({ script: c.script, params: [...c.script.matchAll(/\{\{(\w+)\}\}/g)].map((m) => param(m[1] ?? '')), errors: [] });

function setUp(list: Command[] | Error, component: Component) {
  const commandService = {
    list: vi.fn(async () => { if (list instanceof Error) throw list; return list; }), create: vi.fn(async (c: Command) => ({ ...c, id: 'new' })), update: vi.fn(async (c: Command) => c),
    delete: vi.fn(async () => {}), restore: vi.fn(async (id: string) => command(id)), preview: vi.fn(async (c: Command) => previewOf(c)),
  };
  const vmStore = { vms: [], selectedVMs: [] };
  const commandStore = createCommandStore({ commandService, events: { on: () => () => {}, onGap: () => () => {} }, vmStore });
  const uiStore = createUIStore();
  const stores = { vmStore, commandStore, uiStore, settingsStore: { value: { defaultTimeoutSeconds: 600 } }, appStore: { copy: vi.fn() } } as unknown as Stores;
  const within: Component = (anchor, props) => { provideStores(stores); return component(anchor, props); };
  const app = mount(within, { target: document.body, context: new Map() });
  return { commandService, commandStore, uiStore, end: () => unmount(app) };
}

let s: ReturnType<typeof setUp>;
const clear = async () => { await s.end(); document.body.innerHTML = ''; };

const settle = async (ms = 20) => { await new Promise((done) => setTimeout(done, ms)); flushSync(); };
const field = (id: string) => document.getElementById(`command-${id}`) as HTMLInputElement;
const button = (text: string) => [...document.querySelectorAll('button')].find((b) => b.textContent?.includes(text));
const text = () => document.body.textContent ?? '';
function type(into: HTMLInputElement | null | undefined, value: string) {
  if (!into) throw new Error('no such field');
  into.value = value;
  into.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
}
const key = (of: Element | null, name: string, more: KeyboardEventInit = {}) => of?.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true, ...more }));

it.each([
  ['# why\n\nset -e\ncd /srv', 'cd /srv'], ["sh -c '\nuptime'", "uptime'"], ['set -e', 'set -e'], ['', ''],
])('firstLine(%j)', (script, line) => expect(firstLine(script)).toBe(line));

describe('CommandPanel', () => {
  afterEach(clear);
  const cards = () => [...document.querySelectorAll<HTMLElement>('[data-command]')];
  const open = async (list: Command[] | Error) => {
    s = setUp(list, CommandPanel as Component);
    await s.commandStore.loadCommands();
    flushSync();
  };

  it('groups by name with Other last, and filters by name, group and script', async () => {
    await open([command('plain'), command('restart', { group: 'Services', script: 'systemctl restart x' }), command('disk', { group: 'Disks' })]);
    expect([...document.querySelectorAll('[role="group"]')].map((g) => g.getAttribute('aria-label'))).toEqual(['Disks', 'Services', 'Other']);
    type(document.querySelector<HTMLInputElement>('input[type="search"]'), 'SYSTEMCTL serv');
    expect(cards().map((c) => c.dataset.command)).toEqual(['restart']);
    type(document.querySelector<HTMLInputElement>('input[type="search"]'), 'nothing');
    expect(text()).toContain('No commands fit');
    button('Clear the filter')?.click();
    flushSync();
    expect(cards()).toHaveLength(3);
  });

  it('goes through the list with j, k and the arrows, one card being the tab stop', async () => {
    await open([command('a'), command('b'), command('c')]);
    cards()[0]?.focus();
    key(document.activeElement, 'j');
    flushSync();
    key(document.activeElement, 'ArrowDown');
    flushSync();
    key(document.activeElement, 'ArrowDown');
    flushSync();
    expect((document.activeElement as HTMLElement).dataset.command).toBe('c');
    key(document.activeElement, 'k');
    flushSync();
    expect(cards().filter((c) => c.tabIndex === 0).map((c) => c.dataset.command)).toEqual(['b']);
    s.uiStore.show('history');
    (document.activeElement as HTMLElement).click();
    flushSync();
    expect(s.commandStore.chosen?.id).toBe('b');
    expect(s.uiStore.view).toBe('run');
    expect(cards()[1]?.getAttribute('aria-selected')).toBe('true');
  });

  it('has a way on when there are none, and when they could not be read', async () => {
    await open([]);
    expect(text()).toContain('No commands yet');
    button('Add a command')?.click();
    expect(s.uiStore.commandForm).toEqual({ command: null, copy: false, like: { script: '' } });
    await s.end();
    await open(Object.assign(new Error('The data folder is gone.'), { code: 'internal', hint: '', field: '', details: '' }));
    expect(text()).toContain('The commands could not be read.');
    button('Retry')?.click();
    expect(s.commandService.list).toHaveBeenCalledTimes(2);
  });
});

describe('AddCommandForm', () => {
  afterEach(clear);
  beforeEach(() => { s = setUp([], AddCommandForm as Component); });

  it('follows the script with its parameters, and keeps what was set on one that comes back', async () => {
    s.uiStore.addCommand('echo {{who}}');
    await vi.waitFor(() => expect(field('default-who')).not.toBeNull());
    type(field('default-who'), 'all of you');
    type(field('script'), 'echo');
    await settle(250);
    expect(field('default-who')).toBeNull();
    type(field('script'), 'echo {{who}} {{what}}');
    await settle(250);
    expect(field('default-who').value).toBe('all of you');
    expect(text()).toContain('what: asked for on each run.');
  });

  it('a secret has no default and is not among the values of a preview; one for sudo stands in no script', async () => {
    s.commandService.preview.mockImplementation(async (c: Command) => ({ script: c.script, params: c.params, errors: [] }));
    s.uiStore.editCommand(command('x', { script: 'echo {{token}}', params: [{ ...param('token'), type: 'secret' }] }));
    await settle();
    expect(field('default-token')).toBeNull();
    expect(text()).toContain('asked at every run');
    button('Secret for sudo')?.click();
    await settle(250);
    expect(text()).toContain("sudo -S -p ''");
    expect(button('Secret for sudo')).toBeUndefined();
    for (const [asked, values] of s.commandService.preview.mock.calls as unknown as [Command, Record<string, string>][]) {
      expect(values).toEqual({});
      expect(asked.params.every((p) => p.type === 'secret' && p.default === '')).toBe(true);
    }
    button('Save')?.click();
    await settle();
    expect(s.commandService.update.mock.calls[0]?.[0].params.map((p) => [p.name, p.stdin])).toEqual([['token', false], ['password', true]]);
  });

  it('a late preview never overwrites a newer one', async () => {
    const answers: ((p: Preview) => void)[] = [];
    s.commandService.preview.mockImplementation(() => new Promise<Preview>((done) => answers.push(done)));
    s.uiStore.addCommand('one');
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    type(field('script'), 'two');
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.({ script: 'two, rendered', params: [], errors: [] });
    await settle();
    answers[0]?.({ script: 'one, rendered', params: [], errors: [] });
    await settle();
    expect(document.querySelector('pre')?.textContent).toBe('two, rendered');
  });

  it('saves with Ctrl+Enter: time-out in minutes, variables, parameters', async () => {
    s.uiStore.addCommand('echo {{who}}');
    await vi.waitFor(() => expect(field('default-who')).not.toBeNull());
    type(field('name'), 'Greet');
    type(field('timeoutSeconds'), '1.5');
    button('Add a variable')?.click();
    await settle();
    type(document.querySelector<HTMLInputElement>('#command-env input[placeholder="NAME"]'), 'LANG');
    type(document.querySelector<HTMLInputElement>('#command-env input[placeholder="value"]'), 'C');
    key(field('name'), 'Enter', { ctrlKey: true });
    await settle();
    expect(s.commandService.create).toHaveBeenCalledWith(expect.objectContaining({ name: 'Greet', timeoutSeconds: 90, env: { LANG: 'C' }, params: [param('who')] }));
    expect(s.uiStore.commandForm).toBeNull();
  });

  it('shows errors at their fields: of the name, and of a parameter', async () => {
    s.commandService.create.mockRejectedValueOnce(Object.assign(new Error('That name is taken.'), { code: 'conflict', hint: '', field: 'name', details: '' }));
    s.uiStore.addCommand('echo {{who}}');
    await vi.waitFor(() => expect(field('default-who')).not.toBeNull());
    key(field('name'), 'Enter', { ctrlKey: true });
    await settle();
    expect(document.getElementById('command-name-error')?.textContent).toBe('That name is taken.');
    s.commandService.create.mockRejectedValueOnce(Object.assign(new Error('who must match x'), { code: 'invalid', hint: '', field: 'values.who', details: '' }));
    key(field('name'), 'Enter', { ctrlKey: true });
    await settle();
    expect(document.querySelector('[role="group"][aria-label="who"]')?.textContent).toContain('who must match x');
  });

  it('asks before unsaved changes go; parameters that nobody touched are none', async () => {
    s.uiStore.addCommand('echo {{who}}');
    await vi.waitFor(() => expect(field('default-who')).not.toBeNull());
    button('Cancel')?.click();
    await settle();
    expect(s.uiStore.commandForm).toBeNull();
    s.uiStore.editCommand(command('c1'));
    await settle();
    type(field('script'), 'uptime -p');
    button('Cancel')?.click();
    await settle();
    expect(text()).toContain('Discard changes?');
    button('Discard')?.click();
    await settle();
    expect(s.uiStore.commandForm).toBeNull();
  });

  it('lists what keeps the command from running', async () => {
    s.commandService.preview.mockImplementation(async () => ({ script: '', params: [], errors: [{ code: 'invalid', message: 'line 1: {{ is never closed', hint: '', field: 'script', details: '' }] }));
    s.uiStore.addCommand('echo {{who');
    await vi.waitFor(() => expect(text()).toContain('line 1: {{ is never closed'));
  });
});
