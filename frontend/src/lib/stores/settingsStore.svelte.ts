import type { SettingsAPIService } from '../services/api/AppAPIService';
import type { WebSocketManager } from '../services/events/WebSocketManager';
import { ApiError } from '../services/api/ApiError';
import type { AppError, Settings } from '../services/api/types';
import { createStoreFactory } from './base.svelte';

interface Dependencies { settingsService: Pick<SettingsAPIService, 'get' | 'put'>; events: Pick<WebSocketManager, 'on'> }

const SAVE_AFTER_MS = 400;

/** The defaults of Go's DefaultSettings, for the moment before they are read. */
const initial: Settings = {
  theme: 'system', parallelism: 32, confirmProd: true, sidebarWidth: 296, sidebarSplit: 55, vmGroup: 'environment', checkReach: true,
  windowWidth: 0, windowHeight: 0, windowX: 0, windowY: 0, windowMaximised: false, logWrap: false, logTime: 'clock', libraryFolder: '',
  density: 'comfortable', fontSize: 13, logFontSize: 12, defaultTimeoutSeconds: 600, confirmFrom: 0, notifyAfterSeconds: 30, keepDays: 90, keepGb: 5, terminal: '', sshPath: '',
};

/** The person's choices. A change shows at once and is saved shortly after, so that dragging a divider is one write. */
export const createSettingsStore = createStoreFactory((base, { settingsService, events }: Dependencies) => {
  let settings = $state.raw<Settings>(initial);
  let loaded = $state(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pending: Partial<Settings> = {};

  // Each save reads what is kept and writes it with its change: two at once would undo each other.
  let saving: Promise<unknown> = Promise.resolve();
  function write(change: Partial<Settings>): Promise<Settings> {
    // Read first: the place of the window is written by Go meanwhile.
    const next = saving.then(async () => settingsService.put({ ...(await settingsService.get()), ...change }));
    saving = next.catch(() => undefined);
    return next;
  }

  /** What Go says, under what it hasn't been told yet: an answer from before a change doesn't undo it on the screen. */
  let underway: Partial<Settings> = {};
  const show = (kept: Settings) => { settings = { ...kept, ...underway, ...pending }; };

  async function save(): Promise<void> {
    const mine = pending;
    pending = {};
    underway = { ...underway, ...mine };
    const saved = await base.load(() => write(mine));
    for (const key of Object.keys(mine) as (keyof Settings)[]) if (underway[key] === mine[key]) delete underway[key];
    if (saved) show(saved);
  }

  const stop = events.on('settings:changed', (e) => show(e.settings));

  return {
    get value() { return settings; },
    get loaded() { return loaded; },
    async loadSettings() {
      const read = await base.load(() => settingsService.get());
      if (read) { show(read); loaded = true; }
    },
    set(change: Partial<Settings>) {
      settings = { ...settings, ...change };
      pending = { ...pending, ...change };
      clearTimeout(timer);
      timer = setTimeout(() => void save(), SAVE_AFTER_MS);
    },
    /** Keeps a change at once. The error names the field that breaks a rule; then the setting stays as it was. */
    async save(change: Partial<Settings>): Promise<AppError | null> {
      try {
        show(await write(change));
        return null;
      } catch (reason) {
        return ApiError.from(reason);
      }
    },
    destroy() { clearTimeout(timer); stop(); },
  };
});
export type SettingsStore = ReturnType<typeof createSettingsStore>;
