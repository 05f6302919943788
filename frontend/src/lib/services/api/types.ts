// The words of the product as the window knows them: those that Go declares, with what its generator can't say
// (enumerations, and times, which arrive as RFC 3339 text).
import type { app, desktop, domain } from '$wails/go/models';

type Time = string;
type Replace<T, R> = Omit<T, keyof R> & R;

export type Status = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'timed_out' | 'lost' | 'skipped';
export type Environment = 'production' | 'staging' | 'test' | 'development';
export type Stream = 'stdout' | 'stderr';
export type CommandKind = 'ssh' | 'local' | 'terminal';
export type ParamType = 'text' | 'number' | 'choice' | 'bool' | 'secret';
export type ScopeKind = 'everywhere' | 'tags' | 'vms';
export type PromptKind = 'host_key' | 'host_key_changed' | 'passphrase' | 'password' | 'question';
export type Theme = 'light' | 'dark' | 'system';
export type LogTime = 'off' | 'clock' | 'since';

export type Source = 'ssh_config' | 'manual' | 'import' | 'demo' | (string & {});
export type Power = '' | 'running' | 'stopped' | 'paused' | 'changing';
export type VMGroupBy = 'environment' | 'tag' | 'source' | 'provider' | 'none';
export type ExportFormat = 'json' | 'ssh_config' | 'ansible';
export type AppError = domain.Error;
export type VM = Replace<domain.VM, { source: Source; environment: Environment; lastUsedAt?: Time | null; createdAt: Time; updatedAt: Time }>;
export type FoundHost = Replace<domain.FoundHost, { source: Source; environment: Environment; power: Power }>;
export type ChangedHost = Replace<domain.ChangedHost, { vm: VM; found: FoundHost }>;
export type SourceState = Replace<domain.SourceState, { source: Source; state: 'ready' | 'asking' | 'failed' }>;
export type VMNote = Replace<domain.VMNote, { power: Power }>;
export type Review = Replace<domain.Review, { new: FoundHost[]; changed: ChangedHost[]; gone: VM[]; sources: SourceState[]; notes: VMNote[] }>;
export type ImportReview = Replace<domain.ImportReview, { new: FoundHost[]; changed: ChangedHost[] }>;
export type Look = Replace<domain.Reach, { state: 'reachable' | 'unreachable' | 'indirect' }>;
export type VMEdit = Partial<Replace<domain.VMEdit, { environment: Environment }>>;
export type ReviewDecision = domain.ReviewDecision;
export type ConnectionTest = domain.ConnectionTest;
export type Explanation = Replace<domain.Explanation, { source: 'own' | 'ssh -G' }>;
export type Setting = domain.Setting;
export type StepKind = 'settings' | 'lookup' | 'tcp' | 'proxy' | 'forward' | 'banner' | 'host_key' | 'login' | 'shell';
export type CheckStep = Replace<domain.CheckStep, { kind: StepKind; state: 'ok' | 'failed' | 'not_reached' }>;
export type ConnectionCheck = Replace<domain.ConnectionCheck, { steps: CheckStep[] }>;
export type Param = Replace<domain.Param, { type: ParamType }>;
export type RunOptions = Replace<domain.RunOptions, { onLost: '' | 'go_on' }>;
export type Command = Replace<domain.Command, { kind: CommandKind; options: RunOptions; params: Param[]; scope: { kind: ScopeKind; tags: string[]; vmIds: string[] }; createdAt: Time; updatedAt: Time }>;
export type Preview = Replace<desktop.Preview, { params: Param[] }>;
export type Job = Replace<domain.Job, { status: Status; secrets: Param[]; origin: 'window' | 'cli'; createdAt: Time; startedAt?: Time | null; finishedAt?: Time | null }>;
export type StopResult = Replace<domain.StopResult, { state: 'stopped' | 'still_running' | 'unreachable' | 'unproved'; leaseEndsAt?: Time | null }>;
export type Run = Replace<domain.Run, { status: Status; startedAt?: Time | null; finishedAt?: Time | null; stopResult?: StopResult | null; error?: AppError | null; exitCode?: number | null }>;
export type JobDetail = { job: Job; runs: Run[] };
export type JobFilter = Replace<domain.JobFilter, { statuses: Status[]; since?: Time; before?: Time }>;
export type JobPage = Replace<domain.JobPage, { jobs: Job[] }>;
export type StartJob = desktop.StartJob;
export type Line = Replace<domain.Line, { stream: Stream; at: Time }>;
export type Notice = Replace<domain.Notice, { at: Time }>;
export type OpenLine = Replace<domain.OpenLine, { stream: Stream }>;
export type LogPage = Replace<domain.LogPage, { lines: Line[]; notices: Notice[]; open: OpenLine[] }>;
export type TextQuery = domain.TextQuery;
export type FindPage = domain.FindPage;
export type Prompt = Replace<domain.Prompt, { kind: PromptKind; askedAt: Time }>;
export type PromptAnswer = domain.PromptAnswer;
export type Settings = Replace<domain.Settings, { theme: Theme; logTime: LogTime; vmGroup: VMGroupBy }>;
export type LogFormat = 'text' | 'raw' | 'json' | 'zip';
export type LogExport = { jobId: string; runId: string; format: LogFormat; stream: Stream | '' };
export type Task = Replace<app.Task, { state: 'running' | 'done' | 'failed' | 'stopped'; error?: AppError | null }>;
export type AppStatus = desktop.Status;
export type Address = desktop.Address;

export const finished = (s: Status): boolean => s !== 'queued' && s !== 'running';
