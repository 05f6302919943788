import { EventsOn } from '$wails/runtime/runtime';
import type { AppError, Job, Line, OpenLine, Prompt, Run, Settings } from '../api/types';

interface Stamp { epoch: string; seq: number }

/** Every event that Go sends, with its payload; app/desktop/events.go is the list this mirrors. */
export interface AppEvents {
  'vms:changed': Stamp;
  'commands:changed': Stamp;
  'job:changed': Stamp & { job: Job; runs: Run[] };
  'log:lines': Stamp & { runId: string; from: number; lines: Line[]; open: OpenLine[]; last: number; done: boolean; order?: number };
  'prompt:asked': Stamp & { prompt: Prompt };
  'prompt:closed': Stamp & { id: string };
  'sshconfig:changed': Stamp;
  'settings:changed': Stamp & { settings: Settings };
  'app:error': Stamp & { error: AppError };
  'app:reset': Stamp;
}
type Name = keyof AppEvents;

/**
 * Runtime events, typed. It keeps the seed document's name; underneath is no socket but Wails' own event bus, to which
 * it subscribes once per event however many listen here.
 */
export class WebSocketManager {
  private readonly listeners = new Map<Name, Set<(payload: never) => void>>();
  private readonly detach = new Map<Name, () => void>();
  private readonly gapListeners = new Set<() => void>();
  private epoch = '';
  private seq = 0;
  private gap: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly subscribe: (name: string, f: (payload: never) => void) => () => void = (name, f) => EventsOn(name, f as (...data: unknown[]) => void)) {}

  /** Calls f with each payload until the returned function is called. */
  on<N extends Name>(name: N, f: (payload: AppEvents[N]) => void): () => void {
    let set = this.listeners.get(name);
    if (!set) {
      set = new Set();
      this.listeners.set(name, set);
      this.detach.set(name, this.subscribe(name, (payload: AppEvents[N]) => this.deliver(name, payload)));
    }
    set.add(f as (payload: never) => void);
    return () => {
      if (!set.delete(f as (payload: never) => void) || set.size > 0) return;
      this.listeners.delete(name);
      this.detach.get(name)?.();
      this.detach.delete(name);
    };
  }

  /** Calls f after events were lost or the app was opened anew: read everything again. */
  onGap(f: () => void): () => void {
    this.gapListeners.add(f);
    return () => this.gapListeners.delete(f);
  }

  private deliver<N extends Name>(name: N, payload: AppEvents[N]): void {
    if (this.epoch && payload.epoch !== this.epoch) this.announceGap();
    else if (this.epoch && payload.seq > this.seq + 1) this.announceGap();
    if (payload.epoch !== this.epoch) this.seq = 0;
    this.epoch = payload.epoch;
    this.seq = Math.max(this.seq, payload.seq);
    for (const f of this.listeners.get(name) ?? []) (f as (p: AppEvents[N]) => void)(payload);
  }

  // A browser reorders events, and nobody listens to some of them: a short wait makes one reading of many gaps.
  private announceGap(): void {
    this.gap ??= setTimeout(() => {
      this.gap = undefined;
      for (const f of this.gapListeners) f();
    }, 250);
  }
}
