import { flushSync, mount, unmount, type Component } from 'svelte';
import { expect, it, vi } from 'vitest';
import { emptyFilter } from '../../stores/jobStore.svelte';
import { provideStores, type Stores } from '../../stores/StoresContainer';
import JobHistory from './JobHistory.svelte';

globalThis.ResizeObserver ??= class { observe() {} unobserve() {} disconnect() {} };

it('says at the end of the history what was removed by itself, and where that is chosen', () => {
  const toggleSettings = vi.fn();
  const at = new Date(2025, 10, 3, 12).toISOString();
  const stores = {
    jobStore: { filter: emptyFilter, history: [], stats: { total: 0, counts: {} }, historyLoaded: true, more: false, removed: { at, jobs: 3, bytes: 2_000_000, why: 'age' } },
    vmStore: { vms: [], selectedVMs: [] }, commandStore: { commands: [] }, uiStore: { toggleSettings },
  } as unknown as Stores;
  const within: Component = (anchor, props) => { provideStores(stores); return JobHistory(anchor, props); };
  const app = mount(within, { target: document.body });
  flushSync();
  expect(document.body.textContent).toContain('3 jobs with 2.0 MB of output removed because of their age: Monday 3 November 2025.');
  [...document.querySelectorAll('button')].find((b) => b.textContent === 'What is kept')?.click();
  expect(toggleSettings).toHaveBeenCalledWith(true);
  void unmount(app);
});
