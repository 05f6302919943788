import type { AppAPIService } from '../services/api/AppAPIService';
import type { AppError, AppStatus } from '../services/api/types';
import type { WebSocketManager } from '../services/events/WebSocketManager';
import { createStoreFactory } from './base.svelte';

interface Dependencies { appService: Pick<AppAPIService, 'status' | 'retry' | 'startDemo' | 'leaveDemo' | 'copy' | 'mark' | 'focused'>; events: Pick<WebSocketManager, 'on'> }

const POLL_MS = 150;

/** Whether the app is ready, what went wrong at start-up, and the figures of the status bar. */
export const createAppStore = createStoreFactory((base, { appService, events }: Dependencies) => {
  let status = $state.raw<AppStatus | null>(null);
  let busy = $state(false);
  let trouble = $state.raw<AppError | null>(null);
  const stop = events.on('app:error', (e) => { trouble = e.error; });

  async function refresh(): Promise<void> {
    const next = await base.load(() => appService.status());
    if (next) status = next;
  }

  async function untilSettled(): Promise<void> {
    do {
      await refresh();
      if (status?.ready || status?.error || base.error) return;
      await new Promise((done) => setTimeout(done, POLL_MS));
    } while (true);
  }

  async function reopen(action: () => Promise<void>): Promise<void> {
    busy = true;
    try {
      if ((await base.load(async () => { await action(); return true; })) === true) await untilSettled();
    } finally {
      busy = false;
    }
  }

  return {
    get status() { return status; },
    get ready() { return status?.ready ?? false; },
    get demo() { return status?.demo ?? false; },
    get startError() { return status?.error ?? null; },
    /** True while the app is opened anew: at Retry and on the way into and out of the demo. */
    get busy() { return busy; },
    /** The last failure that Go told of by itself, outside of any call. */
    get trouble() { return trouble; },
    refresh,
    destroy: stop,
    start: untilSettled,
    retry: () => reopen(() => appService.retry()),
    startDemo: () => reopen(() => appService.startDemo()),
    leaveDemo: () => reopen(() => appService.leaveDemo()),
    copy: (text: string) => appService.copy(text),
    focused: (on: boolean) => void appService.focused(on).catch(() => {}),
    mark: (name: string, ms: number) => { if (status?.profile) void appService.mark(name, ms).catch(() => {}); },
  };
});
export type AppStore = ReturnType<typeof createAppStore>;
