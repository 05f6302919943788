import { ApiError } from '../services/api/ApiError';
import type { AppAPIService } from '../services/api/AppAPIService';
import type { AppError, Task } from '../services/api/types';

const POLL_MS = 100;

/** One task of Go as the window shows it: begun, asked about until it has ended, stopped. */
export function createTaskWatch(appService: Pick<AppAPIService, 'task' | 'stopTask'>) {
  let task = $state.raw<Task | null>(null);
  let error = $state.raw<AppError | null>(null);
  let beginning = $state(false);
  let stopping = $state(false);
  let turn = 0;

  return {
    get task() { return task; },
    /** Why it couldn't begin, or failed. */
    get error() { return error ?? task?.error ?? null; },
    get stopping() { return stopping; },
    get running() { return beginning || task?.state === 'running'; },
    /** Begins with what gives a task's id ("" is a change of mind) and gives the task when it has ended, null if there was none. */
    async run(begin: () => Promise<string>): Promise<Task | null> {
      const mine = ++turn;
      task = null;
      error = null;
      stopping = false;
      beginning = true;
      try {
        const id = await begin();
        if (!id || mine !== turn) return null;
        for (;;) {
          task = await appService.task(id);
          beginning = false;
          if (task.state !== 'running') return task;
          await new Promise((done) => setTimeout(done, POLL_MS));
          if (mine !== turn) return null;
        }
      } catch (reason) {
        if (mine === turn) error = ApiError.from(reason);
        return null;
      } finally {
        if (mine === turn) beginning = false;
      }
    },
    async stop(): Promise<void> {
      if (task?.state !== 'running') return;
      stopping = true;
      await appService.stopTask(task.id).catch((reason: unknown) => { error = ApiError.from(reason); });
    },
    clear() { turn++; task = null; error = null; beginning = false; },
  };
}
export type TaskWatch = ReturnType<typeof createTaskWatch>;
