import * as Go from '$wails/go/desktop/Search';
import { APIService } from './APIService';
import type { SearchFilter, SearchPage, TextQuery } from './types';

export class SearchAPIService extends APIService {
  /** Begins a search over every line ever kept and answers its id; the one before ends. */
  start = (query: TextQuery, filter: SearchFilter) => this.call<string>(() => Go.Start(query, filter));
  /** What was found since the call before. It waits a moment for something new: call it again until it is done. */
  next = (id: string) => this.call<SearchPage>(() => Go.Next(id));
  stop = (id: string) => this.call<void>(() => Go.Stop(id));
}
