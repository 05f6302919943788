import type { LogAPIService } from '../services/api/LogAPIService';
import type { Line, LogPage, OpenLine, TextQuery } from '../services/api/types';
import type { JobWebSocketService } from '../services/events/JobWebSocketService';
import { stripAnsi } from '../utils/ansi';
import { createStoreFactory } from './base.svelte';
import { createLogFind, type LogFind } from './logFind.svelte';
import { AHEAD, createLogView, type LogView } from './logView.svelte';

interface Dependencies {
  logService: Pick<LogAPIService, 'read' | 'line' | 'find' | 'watch'>;
  jobEvents: Pick<JobWebSocketService, 'onJobChanged' | 'onJobLog' | 'onGap'>;
  frame?: (f: () => void) => void;
}

/** A whole log is copied up to here; beyond it a file is the better place. */
export const MAX_COPY_LINES = 10_000;

/** Before a job's id it names, in the place of a run's, the lines of all its runs. */
const JOB = 'job:';

/** The output of runs: a view for each viewer, fed by the events of those that are shown. */
export const createLogStore = createStoreFactory((_base, { logService, jobEvents, frame }: Dependencies) => {
  const views = new Set<LogView>();
  let watching = '';
  let telling = Promise.resolve();
  let soon = false;
  let asked: TextQuery = { text: '', regex: false, case: false };
  let ahead: { runId: string; at: number; page: LogPage } | null = null;

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

  function opened(v: LogView): LogView {
    views.add(v);
    return v;
  }

  const stops = [
    jobEvents.onJobLog((e) => { for (const v of views) if (v.runId === e.runId) v.take(e); }),
    // A change of a run (running, stopped, ended) often comes with a notice, which only a read tells.
    jobEvents.onJobChanged((e) => {
      const changed = new Set(e.runs.map((r) => r.id));
      for (const v of views) if (v.visible && (changed.has(v.runId) || v.runId === JOB + e.job.id)) v.refresh();
    }),
    jobEvents.onGap(() => {
      watching = '?';
      watch();
      for (const v of views) if (v.visible) v.refresh();
    }),
  ];

  return {
    /** Complete lines of a run, at most `n`: a comparison's equal lines. Rejects with an ApiError. */
    async linesOf(runId: string, from: number, n: number): Promise<Line[]> {
      const out: Line[] = [];
      while (out.length < n) {
        const page = await logService.read(runId, from + out.length, n - out.length);
        if (page.lines.length === 0) break;
        out.push(...page.lines);
      }
      return out;
    },
    /** Reads where a run's output will open, so that its view has lines from the beginning. Rejects with an ApiError. */
    async prefetch(runId: string, at = 0): Promise<void> {
      ahead = { runId, at, page: await logService.read(runId, at > 0 ? Math.max(1, at - AHEAD / 2) : -AHEAD, AHEAD) };
    },
    /** A view of a run's output for one viewer, which shows and hides it and closes it at the end. */
    view(runId: string, at = 0): LogView {
      const first = ahead?.runId === runId && ahead.at === at ? ahead.page : undefined;
      ahead = null;
      return opened(createLogView(runId, { at, first, logService, frame, onwatch: watch }));
    },
    /** The same of all runs of a job together, in the order in which their lines came. */
    merged: (jobId: string, vms: readonly string[]): LogView => opened(createLogView(JOB + jobId, { logService, frame, vms, onwatch: watch })),
    close(v: LogView): void {
      views.delete(v);
      v.destroy();
    },
    /** A search in the log that a view shows; its viewer destroys it. */
    find: (view: LogView): LogFind => createLogFind({ logService, view }),
    /** What was last looked for in a log: the next search begins with it. */
    get asked() { return asked; },
    set asked(query: TextQuery) { asked = query; },
    /** The number of a run's newest line at this moment. */
    newest: async (runId: string): Promise<number> => (await logService.read(runId, -1, 1)).last,
    /**
     * The text of lines as the screen shows it, no escapes; `next` gives the first line that is wanted from a number on, 0
     * for none; what is wanted beyond the last one are the lines that aren't complete. At most MAX_COPY_LINES. Lines of
     * many VMs begin with the name of theirs. Rejects with an ApiError.
     */
    async text({ runId, vms }: Pick<LogView, 'runId' | 'vms'>, next: (n: number) => number = (n) => n): Promise<{ text: string; lines: number }> {
      const out: string[] = [];
      const whose = (l: Line | OpenLine) => (vms ? `${vms[l.run ?? 0] ?? ''} | ` : '');
      for (let from = next(1); from > 0 && out.length < MAX_COPY_LINES; ) {
        const page = await logService.read(runId, from, 512);
        for (const l of page.lines) {
          if (l.n !== from || out.length >= MAX_COPY_LINES) continue;
          out.push(whose(l) + stripAnsi(l.len > l.text.length && l.text.length >= 1024 ? (await logService.line(runId, l.n, 0)).text : l.text));
          from = next(l.n + 1);
          if (from === 0) break;
        }
        if (page.lines.length > 0 && from <= page.last) continue;
        if (from > page.last) for (const o of page.open) if (o.text) out.push(whose(o) + stripAnsi(o.text));
        break;
      }
      return { text: out.join('\n'), lines: out.length };
    },
    destroy(): void {
      for (const v of views) v.destroy();
      views.clear();
      for (const stop of stops) stop();
    },
  };
});
export type LogStore = ReturnType<typeof createLogStore>;
