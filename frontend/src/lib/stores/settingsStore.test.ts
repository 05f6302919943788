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

// A field's change and one that waits were both read from the same state, and the later write undid the earlier.
it('keeps two changes that are saved at the same time', async () => {
  vi.useFakeTimers();
  try {
    let stored = kept;
    const slow = <T>(f: () => T) => new Promise<T>((done) => { setTimeout(() => done(f()), 20); });
    const store = createSettingsStore({ settingsService: { get: () => slow(() => stored), put: (s: Settings) => slow(() => (stored = s)) }, events: fakeEvents() });
    store.set({ density: 'compact' });
    await vi.advanceTimersByTimeAsync(405); // its save has begun to read
    const other = store.save({ keepDays: 30 });
    await vi.advanceTimersByTimeAsync(200);
    expect(await other).toBeNull();
    expect(stored).toMatchObject({ density: 'compact', keepDays: 30 });
    expect(store.value).toMatchObject({ density: 'compact', keepDays: 30 });
  } finally {
    vi.useRealTimers();
  }
});

// An answer from before a change showed the old value again, and what shows it took that for a new choice.
it('shows a change that is on its way, whatever older answers come', async () => {
  vi.useFakeTimers();
  try {
    let stored = kept;
    const slow = <T>(f: () => T) => new Promise<T>((done) => { setTimeout(() => done(f()), 200); });
    const store = createSettingsStore({ settingsService: { get: () => slow(() => stored), put: (s: Settings) => slow(() => (stored = s)) }, events: fakeEvents() });
    const other = store.save({ keepDays: 30 });
    store.set({ density: 'compact' });
    for (let i = 0; i < 40; i++) {
      await vi.advanceTimersByTimeAsync(25);
      expect(store.value.density).toBe('compact');
    }
    expect(await other).toBeNull();
    expect(stored).toMatchObject({ density: 'compact', keepDays: 30 });
  } finally {
    vi.useRealTimers();
  }
});
