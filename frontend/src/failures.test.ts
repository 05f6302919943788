import { mount, unmount } from 'svelte';
import { beforeEach, expect, it, vi } from 'vitest';
import App from './App.svelte';
import { ServiceContainer } from './lib/core/ServiceContainer';
import { ApiError } from './lib/services/api/ApiError';
import type { Prompt, VM } from './lib/services/api/types';
import { createAppStore } from './lib/stores/appStore.svelte';
import { createBaseStore } from './lib/stores/base.svelte';
import { aVM, fakeEvents } from './lib/stores/fakes';
import { createPromptStore } from './lib/stores/promptStore.svelte';
import { createStores } from './lib/stores/StoresContainer';
import { createVMStore } from './lib/stores/vmStore.svelte';

const broken = new ApiError({ code: 'database', message: 'the database can\'t be read', hint: 'Free some room.' });
const refuse = () => Promise.reject(broken);
const silent = <T>(known: object): T => new Proxy(known, { get: (t, k) => Reflect.get(t, k) ?? (() => new Promise(() => {})) }) as T;

beforeEach(() => { vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {}, removeEventListener() {} })); });

it('VMs that can\'t be read at the start are an error with Retry, no skeleton for ever', async () => {
  const list = vi.fn<() => Promise<VM[]>>(refuse);
  const status = { ready: true, error: null, demo: false, info: { dataDir: '/d', sshConfig: '', sshVersion: '' }, stats: { jobs: 0, lines: 0, bytes: 0, connections: 0 } };
  const services = new ServiceContainer();
  services.registerService('appService', () => silent({ status: async () => status }));
  services.registerService('vmService', () => silent({ list }));
  for (const name of ['commandService', 'jobService', 'logService', 'promptService', 'settingsService', 'searchService'] as const) services.registerService(name, () => silent({}));
  services.registerService('events', () => fakeEvents() as never);
  services.registerService('jobEvents', () => fakeEvents() as never);
  const app = mount(App, { target: document.body, props: { stores: createStores(services) } });
  await vi.waitFor(() => expect(document.querySelector('[role=alert]')?.textContent).toContain(broken.message));
  expect(document.body.textContent).toContain(broken.hint);
  [...document.querySelectorAll('button')].find((b) => b.textContent === 'Retry')?.click();
  await vi.waitFor(() => expect(list).toHaveBeenCalledTimes(2));
  await unmount(app);
});

it('a question comes back when its answer didn\'t arrive', async () => {
  const question = { id: '1', kind: 'host_key' } as Prompt;
  const store = createPromptStore({ promptService: { pending: async () => [question], answer: refuse }, events: fakeEvents() as never });
  await store.loadPrompts();
  expect(await store.answer('1', true)).toEqual(broken);
  expect(store.current).toEqual(question);
});

it('an answer that arrived closes the question and is no error', async () => {
  const store = createPromptStore({ promptService: { pending: async () => [{ id: '1' } as Prompt], answer: async () => {} }, events: fakeEvents() as never });
  await store.loadPrompts();
  expect(await store.answer('1', true)).toBeNull();
  expect(store.current).toBeNull();
});

it('an older list doesn\'t replace a newer one', async () => {
  const answers: ((vms: VM[]) => void)[] = [];
  const store = createVMStore({ vmService: silent({ list: () => new Promise<VM[]>((done) => answers.push(done)) }), events: fakeEvents() as never });
  const [first, second] = [store.loadVMs(), store.loadVMs()];
  answers[1]?.([aVM('new')]);
  await second;
  answers[0]?.([aVM('old')]);
  await first;
  expect(store.vms.map((vm) => vm.id)).toEqual(['new']);
});

it('the failure of an overtaken read is nobody\'s error', async () => {
  const base = createBaseStore();
  let fail: (e: ApiError) => void = () => {};
  const first = base.loadLatest(() => new Promise((_, no) => { fail = no; }));
  expect(await base.loadLatest(async () => 1)).toBe(1);
  fail(broken);
  expect(await first).toBeUndefined();
  expect(base.error).toBeNull();
  expect(base.loading).toBe(false);
});

it('what Go tells of by itself is kept to be shown', () => {
  const events = fakeEvents();
  const store = createAppStore({ appService: silent({}), events: events as never });
  events.send('app:error', { error: broken });
  expect(store.trouble).toEqual(broken);
});
