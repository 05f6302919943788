import * as Go from '$wails/go/desktop/Logs';
import { APIService } from './APIService';
import type { FindPage, LogExport, LogPage, TextQuery } from './types';

export class LogAPIService extends APIService {
  /** Lines from a number on; a negative one counts from the tail. Replies are bounded, so read on where one ends early. */
  read = (runId: string, from: number, count: number) => this.call<LogPage>(() => Go.Read(runId, from, count));
  line = (runId: string, n: number, offset: number) => this.call<{ text: string; total: number }>(() => Go.Line(runId, n, offset));
  /** Numbers of lines that match, from a number on; `next` is where to go on until it is done. */
  find = (runId: string, query: TextQuery, from: number) => this.call<FindPage>(() => Go.Find(runId, query, from));
  /** Replaces the set of runs whose lines come as events. */
  watch = (runIds: string[]) => this.call<void>(() => Go.Watch(runIds));
  /** Asks where to and begins; answers the task, or "" if the person thought better of it. */
  export = (e: LogExport) => this.call<string>(() => Go.Export({ ...e, path: '' }));
  /** Asks where to, and answers the path, or "" if the person thought better of it. */
}
