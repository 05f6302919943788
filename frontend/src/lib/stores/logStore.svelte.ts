import type { LogAPIService } from '../services/api/LogAPIService';
import type { Stream } from '../services/api/types';
import type { JobWebSocketService } from '../services/events/JobWebSocketService';
import { stripAnsi } from '../utils/ansi';
import { createStoreFactory } from './base.svelte';
import { createLogView, type LogView } from './logView.svelte';

interface Dependencies {
  logService: Pick<LogAPIService, 'read' | 'line' | 'watch' | 'saveAs'>;
  jobEvents: Pick<JobWebSocketService, 'onJobChanged' | 'onJobLog' | 'onGap'>;
  frame?: (f: () => void) => void;
}

/** A whole log is copied up to here; beyond it a file is the better place. */
export const MAX_COPY_LINES = 10_000;

/** The output of runs: a view for each viewer, fed by the events of those that are shown. */
export const createLogStore = createStoreFactory((_base, { logService, jobEvents, frame }: Dependencies) => {
  const views = new Set<LogView>();
  let watching = '';
  let telling = Promise.resolve();
  let soon = false;

  /** Tells Go which runs are looked at: all changes of one moment in one call, and calls one after another. */
  function watch(): void {
    if (soon) return;
    soon = true;
    queueMicrotask(() => {
      soon = false;
      const ids = [...new Set([...views].filter((v) => v.visible).map((v) => v.runId))].sort();
      const now = ids.join(' ');
      if (now === watching) return;
      watching = now;
      // A refused watch is no loss of output: the views read on their own, only less often.
      telling = telling.then(() => logService.watch(ids)).catch(() => { watching = '?'; });
    });
  }

  const stops = [
    jobEvents.onJobLog((e) => { for (const v of views) if (v.runId === e.runId) v.take(e); }),
    // A change of a run (running, stopped, ended) often comes with a notice, which only a read tells.
    jobEvents.onJobChanged((e) => {
      const changed = new Set(e.runs.map((r) => r.id));
      for (const v of views) if (v.visible && changed.has(v.runId)) v.refresh();
    }),
    jobEvents.onGap(() => {
      watching = '?';
      watch();
      for (const v of views) if (v.visible) v.refresh();
    }),
  ];

  return {
    /** A view of a run's output for one viewer, which shows and hides it and closes it at the end. */
    view(runId: string): LogView {
      const v = createLogView(runId, { logService, frame, onwatch: watch });
      views.add(v);
      return v;
    },
    close(v: LogView): void {
      views.delete(v);
      v.destroy();
    },
    /** Asks where to and writes the run's bytes there; "" when the person thought better of it. Rejects with an ApiError. */
    saveAs: (runId: string, stream: Stream | '') => logService.saveAs(runId, stream),
    /** The text of a run's lines in order as the screen shows it, no escapes; at most MAX_COPY_LINES. Rejects with an ApiError. */
    async text(runId: string): Promise<string> {
      const out: string[] = [];
      for (let from = 1; out.length < MAX_COPY_LINES; ) {
        const page = await logService.read(runId, from, 512);
        for (const l of page.lines) out.push(stripAnsi(l.len > l.text.length && l.text.length >= 1024 ? (await logService.line(runId, l.n, 0)).text : l.text));
        from = (page.lines.at(-1)?.n ?? page.last) + 1;
        if (page.lines.length === 0 || from > page.last) {
          for (const o of page.open) if (o.text) out.push(stripAnsi(o.text));
          break;
        }
      }
      return out.join('\n');
    },
    destroy(): void {
      for (const v of views) v.destroy();
      views.clear();
      for (const stop of stops) stop();
    },
  };
});
export type LogStore = ReturnType<typeof createLogStore>;
