import { getContext, setContext } from 'svelte';
import type { ServiceContainer } from '../core/ServiceContainer';
import { createAppStore, type AppStore } from './appStore.svelte';
import { createCommandStore, type CommandStore } from './commandStore.svelte';
import { createDataStore, type DataStore } from './dataStore.svelte';
import { createExportStore, type ExportStore } from './exportStore.svelte';
import { createJobStore, type JobStore } from './jobStore.svelte';
import { createLogStore, type LogStore } from './logStore.svelte';
import { createPromptStore, type PromptStore } from './promptStore.svelte';
import { createSearchStore, type SearchStore } from './searchStore.svelte';
import { createSettingsStore, type SettingsStore } from './settingsStore.svelte';
import { createUIStore, type UIStore } from './uiStore.svelte';
import { createVMStore, type VMStore } from './vmStore.svelte';

/** Every store there is. A component takes those it needs: `const { vmStore } = useStores()`. */
export interface Stores {
  appStore: AppStore;
  settingsStore: SettingsStore;
  vmStore: VMStore;
  commandStore: CommandStore;
  jobStore: JobStore;
  logStore: LogStore;
  exportStore: ExportStore;
  searchStore: SearchStore;
  dataStore: DataStore;
  promptStore: PromptStore;
  uiStore: UIStore;
}

/** Builds the stores once, each from the services it names: vmStore -> commandStore -> jobStore -> logStore. */
export function createStores(services: ServiceContainer): Stores {
  const get = services.getService.bind(services);
  const events = get('events');
  const vmStore = createVMStore({ vmService: get('vmService'), events });
  return {
    appStore: createAppStore({ appService: get('appService'), events }),
    settingsStore: createSettingsStore({ settingsService: get('settingsService'), events }),
    vmStore,
    commandStore: createCommandStore({ commandService: get('commandService'), events, vmStore }),
    jobStore: createJobStore({ jobService: get('jobService'), jobEvents: get('jobEvents'), events }),
    logStore: createLogStore({ logService: get('logService'), jobEvents: get('jobEvents') }),
    exportStore: createExportStore({ logService: get('logService'), appService: get('appService') }),
    searchStore: createSearchStore({ searchService: get('searchService'), logService: get('logService') }),
    dataStore: createDataStore({ settingsService: get('settingsService'), appService: get('appService') }),
    promptStore: createPromptStore({ promptService: get('promptService'), events }),
    uiStore: createUIStore(),
  };
}

const key = Symbol('stores');

/** Hands the stores down to every component below. */
export const provideStores = (stores: Stores): Stores => setContext(key, stores);

/** The stores of the window that a component is in. */
export const useStores = (): Stores => getContext<Stores>(key);
