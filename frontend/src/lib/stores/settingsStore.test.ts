import { expect, it, vi } from 'vitest';
import type { Settings } from '../services/api/types';
import { fakeEvents } from './fakes';
import { createSettingsStore } from './settingsStore.svelte';

const kept: Settings = {
  theme: 'dark', parallelism: 8, confirmProd: true, sidebarWidth: 400, sidebarSplit: 40, vmGroup: 'tag', checkReach: false, windowWidth: 1, windowHeight: 1, windowX: 0, windowY: 0,
  windowMaximised: false, logWrap: true, logTime: 'off', libraryFolder: '',
  density: 'comfortable', fontSize: 13, logFontSize: 12, defaultTimeoutSeconds: 600, confirmFrom: 0, notifyAfterSeconds: 30, keepDays: 90, keepGb: 5, terminal: '', sshPath: '',
};

// The base's own load had taken the place of the store's, and what was kept never came back.
it('reads what was kept, and says nothing went wrong', async () => {
  const store = createSettingsStore({ settingsService: { get: vi.fn(async () => kept), put: vi.fn(async (s: Settings) => s) }, events: fakeEvents() });
  await store.loadSettings();
  expect(store.value.theme).toBe('dark');
  expect(store.loaded).toBe(true);
  expect(store.error).toBeNull();
});
