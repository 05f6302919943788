import * as Go from '$wails/go/desktop/Logs';
import { APIService } from './APIService';
import type { LogPage, Stream } from './types';

export class LogAPIService extends APIService {
  /** Lines from a number on; a negative one counts from the tail. Replies are bounded, so read on where one ends early. */
  read = (runId: string, from: number, count: number) => this.call<LogPage>(() => Go.Read(runId, from, count));
  line = (runId: string, n: number, offset: number) => this.call<{ text: string; total: number }>(() => Go.Line(runId, n, offset));
  /** Replaces the set of runs whose lines come as events. */
  watch = (runIds: string[]) => this.call<void>(() => Go.Watch(runIds));
  /** Asks where to, and answers the path, or "" if the person thought better of it. */
  saveAs = (runId: string, stream: Stream | '') => this.call<string>(() => Go.SaveAs(runId, stream));
}
