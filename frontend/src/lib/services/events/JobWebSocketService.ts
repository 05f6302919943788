import type { AppEvents, WebSocketManager } from './WebSocketManager';

/** What jobs say while they run. */
export class JobWebSocketService {
  constructor(private readonly manager: WebSocketManager) {}

  onJobChanged = (f: (e: AppEvents['job:changed']) => void) => this.manager.on('job:changed', f);
  onJobLog = (f: (e: AppEvents['log:lines']) => void) => this.manager.on('log:lines', f);
  onGap = (f: () => void) => this.manager.onGap(f);
}
