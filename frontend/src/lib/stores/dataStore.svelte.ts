import type { AppAPIService, SettingsAPIService } from '../services/api/AppAPIService';
import type { Storage, Task } from '../services/api/types';
import { createStoreFactory } from './base.svelte';
import { createTaskWatch } from './taskWatch.svelte';

interface Dependencies {
  settingsService: Pick<SettingsAPIService, 'storage' | 'removeNow' | 'backup' | 'restore' | 'checkData' | 'repair'>;
  appService: Pick<AppAPIService, 'task' | 'stopTask' | 'showFolder'>;
}
export type DataWork = 'backup' | 'restore' | 'check' | 'repair' | 'remove';

/** The data as a whole: what takes how much room, and backup, restore, check and repair of it. One of these at a time. */
export const createDataStore = createStoreFactory((base, { settingsService, appService }: Dependencies) => {
  let storage = $state.raw<Storage | null>(null);
  let work = $state<DataWork | null>(null);
  const watch = createTaskWatch(appService);
  const begin: Record<DataWork, () => Promise<string>> = {
    backup: settingsService.backup, restore: settingsService.restore, check: settingsService.checkData, repair: settingsService.repair, remove: settingsService.removeNow,
  };

  async function loadStorage(): Promise<void> {
    const read = await base.loadLatest(() => settingsService.storage());
    if (read) storage = read;
  }

  return {
    get storage() { return storage; },
    loadStorage,
    /** What goes on, or was the last. */
    get work() { return work; },
    get task() { return watch.task; },
    get workError() { return watch.error; },
    get running() { return watch.running; },
    get stopping() { return watch.stopping; },
    async start(what: DataWork): Promise<Task | null> {
      work = what;
      const ended = await watch.run(begin[what]);
      if (ended && (what === 'remove' || what === 'restore')) await loadStorage();
      return ended;
    },
    stop: watch.stop,
    clear() { work = null; watch.clear(); },
    showFolder: (path: string) => appService.showFolder(path),
  };
});
export type DataStore = ReturnType<typeof createDataStore>;
