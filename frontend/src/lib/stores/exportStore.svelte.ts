import type { AppAPIService } from '../services/api/AppAPIService';
import type { LogAPIService } from '../services/api/LogAPIService';
import type { LogExport, Task } from '../services/api/types';
import { createTaskWatch } from './taskWatch.svelte';

interface Dependencies { logService: Pick<LogAPIService, 'export'>; appService: Pick<AppAPIService, 'task' | 'stopTask' | 'showFolder'> }

/** The export that goes on, or was the last. It goes on when its dialog is closed. */
export function createExportStore({ logService, appService }: Dependencies) {
  const watch = createTaskWatch(appService);
  return {
    get task() { return watch.task; },
    get error() { return watch.error; },
    get running() { return watch.running; },
    get stopping() { return watch.stopping; },
    start: (e: LogExport): Promise<Task | null> => watch.run(() => logService.export(e)),
    stop: watch.stop,
    clear: watch.clear,
    showFolder: (path: string) => appService.showFolder(path),
  };
}
export type ExportStore = ReturnType<typeof createExportStore>;
