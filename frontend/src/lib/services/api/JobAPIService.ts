import * as Go from '$wails/go/desktop/Jobs';
import { APIService } from './APIService';
import type { Comparison, JobDetail, JobFilter, JobPage, JobStats, StartJob, Usage, UsageQuery } from './types';

export class JobAPIService extends APIService {
  start = (request: StartJob) => this.call<JobDetail>(() => Go.Start(request));
  stop = (jobId: string) => this.call<void>(() => Go.Stop(jobId));
  stopRun = (runId: string) => this.call<void>(() => Go.StopRun(runId));
  retry = (jobId: string, failedOnly: boolean, secrets: Record<string, string>, kept: string[]) => this.call<JobDetail>(() => Go.Retry(jobId, failedOnly, secrets, kept));
  get = (idOrNumber: string) => this.call<JobDetail>(() => Go.Get(idOrNumber));
  list = (filter: JobFilter) => this.call<JobPage>(() => Go.List(filter));
  stats = (filter: JobFilter) => this.call<JobStats>(() => Go.Stats(filter));
  setStarred = (id: string, on: boolean) => this.call<void>(() => Go.SetStarred(id, on));
  delete = (id: string) => this.call<void>(() => Go.Delete(id));
  restore = (id: string) => this.call<void>(() => Go.Restore(id));
  deleteMany = (ids: string[]) => this.call<void>(() => Go.DeleteMany(ids));
  restoreMany = (ids: string[]) => this.call<void>(() => Go.RestoreMany(ids));
  usage = (query: UsageQuery) => this.call<Usage>(() => Go.Usage(query));
  /** Ids of the finished runs that ended alike and wrote the same, in groups. */
  fold = (jobId: string) => this.call<string[][]>(() => Go.Fold(jobId));
  compare = (runId: string, against: string) => this.call<Comparison>(() => Go.Compare(runId, against));
}
