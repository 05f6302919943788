export namespace app {
	
	export interface Kept {
	    canKeep: boolean;
	    names: string[];
	    changed: string[];
	}
	export interface LogExport {
	    jobId: string;
	    runId: string;
	    format: string;
	    stream: string;
	    path: string;
	}
	export interface SearchHit {
	    runId: string;
	    line: number;
	    stream: string;
	    // Go type: time
	    at: any;
	    parts: string[];
	    before: boolean;
	    after: boolean;
	}
	export interface SearchPage {
	    runs: domain.SearchRun[];
	    hits: SearchHit[];
	    progress: domain.SearchProgress;
	    done: boolean;
	    full: boolean;
	}
	export interface Task {
	    id: string;
	    state: string;
	    done: number;
	    total: number;
	    path: string;
	    said: string;
	    error?: domain.Error;
	}

}

export namespace command {
	
	export interface Hint {
	    line: number;
	    column: number;
	    endLine: number;
	    endColumn: number;
	    level: string;
	    code: number;
	    message: string;
	}
	export interface Problem {
	    file: string;
	    line: number;
	    message: string;
	}
	export interface ImportRow {
	    state: string;
	    file: string;
	    line: number;
	    command: domain.Command;
	    was: domain.Command;
	    fields: string[];
	}
	export interface ImportReview {
	    rows: ImportRow[];
	    problems: Problem[];
	}
	
	export interface Library {
	    folder: string;
	    commands: number;
	    problems: Problem[];
	}
	
	export interface Suggestion {
	    script: string;
	    kind: string;
	    hosts: string[];
	    count: number;
	}

}

export namespace desktop {
	
	export interface Address {
	    user: string;
	    host: string;
	    port: number;
	}
	export interface AppInfo {
	    version: string;
	    dataDir: string;
	    sshConfig: string;
	    sshVersion: string;
	    platform: string;
	    hostName: string;
	}
	export interface LineText {
	    text: string;
	    total: number;
	}
	export interface Preview {
	    script: string;
	    params: domain.Param[];
	    errors: domain.Error[];
	}
	export interface StartJob {
	    commandId: string;
	    script: string;
	    name: string;
	    kind: string;
	    values: Record<string, string>;
	    secrets: Record<string, string>;
	    kept: string[];
	    vmIds: string[];
	    adhoc: string[];
	    parallelism?: number;
	    timeoutSeconds?: number;
	}
	export interface Stats {
	    jobs: number;
	    lines: number;
	    bytes: number;
	    connections: number;
	    running: number;
	}
	export interface Status {
	    ready: boolean;
	    error?: domain.Error;
	    demo: boolean;
	    info: AppInfo;
	    stats: Stats;
	    profile: boolean;
	}

}

export namespace domain {
	
	export interface FieldChange {
	    field: string;
	    old: string;
	    new: string;
	}
	export interface FoundHost {
	    source: string;
	    alias: string;
	    name: string;
	    user: string;
	    host: string;
	    port: number;
	    jump: string;
	    identityFile: string;
	    file: string;
	    line: number;
	    environment: string;
	    provider: string;
	    forge: boolean;
	    tags: string[];
	    description: string;
	    power: string;
	    warnings: string[];
	}
	export interface VM {
	    id: string;
	    name: string;
	    source: string;
	    sourceKey: string;
	    user: string;
	    host: string;
	    port: number;
	    jump: string;
	    identityFile: string;
	    environment: string;
	    provider: string;
	    tags: string[];
	    description: string;
	    favourite: boolean;
	    hidden: boolean;
	    plain: boolean;
	    // Go type: time
	    lastUsedAt?: any;
	    // Go type: time
	    createdAt: any;
	    // Go type: time
	    updatedAt: any;
	}
	export interface ChangedHost {
	    vm: VM;
	    found: FoundHost;
	    changes: FieldChange[];
	}
	export interface Error {
	    code: string;
	    message: string;
	    hint: string;
	    field: string;
	    details: string;
	}
	export interface CheckStep {
	    host: string;
	    kind: string;
	    state: string;
	    micros: number;
	    text: string;
	    error?: Error;
	}
	export interface RunOptions {
	    terminal: boolean;
	    merge: boolean;
	    expectsDisconnect: boolean;
	    onLost: string;
	}
	export interface Scope {
	    kind: string;
	    tags: string[];
	    vmIds: string[];
	}
	export interface Param {
	    name: string;
	    type: string;
	    default: string;
	    choices: string[];
	    required: boolean;
	    pattern: string;
	    help: string;
	    min?: number;
	    max?: number;
	    from: string;
	    fromLocal: boolean;
	    stdin: boolean;
	}
	export interface Command {
	    id: string;
	    name: string;
	    description: string;
	    kind: string;
	    script: string;
	    params: Param[];
	    scope: Scope;
	    group: string;
	    workDir: string;
	    env: Record<string, string>;
	    options: RunOptions;
	    timeoutSeconds: number;
	    confirm: boolean;
	    order: number;
	    shipped: boolean;
	    library: string;
	    // Go type: time
	    createdAt: any;
	    // Go type: time
	    updatedAt: any;
	}
	export interface CommandResult {
	    commandId: string;
	    jobId: string;
	    jobNumber: number;
	    status: string;
	    runCount: number;
	    // Go type: time
	    startedAt: any;
	    // Go type: time
	    finishedAt?: any;
	}
	export interface CommandVersion {
	    // Go type: time
	    at: any;
	    command: Command;
	}
	export interface RemoteProcess {
	    pid: number;
	    startTime: string;
	    goesOn?: boolean;
	}
	export interface StopResult {
	    state: string;
	    pids: number[];
	    // Go type: time
	    leaseEndsAt?: any;
	    note: string;
	}
	export interface Target {
	    kind: string;
	    alias: string;
	    user: string;
	    host: string;
	    port: number;
	    jump?: string;
	    identityFile?: string;
	    plain?: boolean;
	}
	export interface Run {
	    id: string;
	    jobId: string;
	    position: number;
	    vmId?: string;
	    vmName: string;
	    target: Target;
	    status: string;
	    exitCode?: number;
	    signal: string;
	    error?: Error;
	    note: string;
	    stopResult?: StopResult;
	    // Go type: time
	    startedAt?: any;
	    // Go type: time
	    finishedAt?: any;
	    bytes: number;
	    lines: number;
	    complete: boolean;
	    remote?: RemoteProcess;
	}
	export interface Job {
	    id: string;
	    number: number;
	    commandId?: string;
	    name: string;
	    kind: string;
	    script: string;
	    values: Record<string, string>;
	    secrets: Param[];
	    workDir: string;
	    env: Record<string, string>;
	    options: RunOptions;
	    status: string;
	    parallelism: number;
	    timeoutSeconds: number;
	    origin: string;
	    retryOf?: string;
	    starred: boolean;
	    // Go type: time
	    createdAt: any;
	    // Go type: time
	    startedAt?: any;
	    // Go type: time
	    finishedAt?: any;
	    counts: Record<string, number>;
	    vmNames: string[];
	    runCount: number;
	}
	export interface Compared {
	    job: Job;
	    run: Run;
	}
	export interface DiffRow {
	    kind: string;
	    a: number;
	    b: number;
	    count: number;
	    text: string;
	}
	export interface Diff {
	    rows: DiffRow[];
	    added: number;
	    removed: number;
	    readA: number;
	    readB: number;
	    ofA: number;
	    ofB: number;
	    coarse: boolean;
	    cut: boolean;
	}
	export interface Comparison {
	    old: Compared;
	    new: Compared;
	    diff: Diff;
	}
	export interface ConfigProblem {
	    file: string;
	    line: number;
	    message: string;
	}
	export interface ConnectionCheck {
	    name: string;
	    ok: boolean;
	    micros: number;
	    steps: CheckStep[];
	}
	export interface ConnectionTest {
	    ok: boolean;
	    millis: number;
	    connected: string;
	    server: string;
	    error?: Error;
	}
	export interface Copy {
	    path: string;
	    bytes: number;
	    // Go type: time
	    at: any;
	}
	
	
	
	export interface SettingValue {
	    value: string;
	    file: string;
	    line: number;
	    given: boolean;
	}
	export interface Setting {
	    keyword: string;
	    values: SettingValue[];
	    expanded: string[];
	    changed: boolean;
	}
	export interface Explanation {
	    name: string;
	    settings: Setting[];
	    source: string;
	    reason: string;
	}
	
	export interface FindPage {
	    lines: number[];
	    next: number;
	    done: boolean;
	}
	
	export interface Hop {
	    name: string;
	    state: string;
	}
	export interface ImportDouble {
	    alias: string;
	    vmName: string;
	    why: string;
	}
	export interface ImportProblem {
	    line: number;
	    field: string;
	    message: string;
	}
	export interface ImportReview {
	    format: string;
	    new: FoundHost[];
	    changed: ChangedHost[];
	    same: number;
	    doubles: ImportDouble[];
	    problems: ImportProblem[];
	    left: ImportProblem[];
	}
	
	export interface JobDetail {
	    job: Job;
	    runs: Run[];
	}
	export interface JobFilter {
	    vmIds: string[];
	    vmName: string;
	    commandId: string;
	    statuses: string[];
	    text: string;
	    // Go type: time
	    since?: any;
	    // Go type: time
	    before?: any;
	    origin: string;
	    starred?: boolean;
	    cursor: string;
	    limit: number;
	}
	export interface Removal {
	    // Go type: time
	    at: any;
	    jobs: number;
	    bytes: number;
	    why: string;
	}
	export interface JobStats {
	    total: number;
	    counts: Record<string, number>;
	}
	export interface JobPage {
	    jobs: Job[];
	    next: string;
	    stats?: JobStats;
	    removed?: Removal;
	}
	
	export interface Line {
	    n: number;
	    stream: string;
	    // Go type: time
	    at: any;
	    text: string;
	    len: number;
	    style?: string;
	    run?: number;
	    runLine?: number;
	}
	export interface Notice {
	    afterLine: number;
	    // Go type: time
	    at: any;
	    text: string;
	}
	export interface OpenLine {
	    stream: string;
	    text: string;
	    style?: string;
	    run?: number;
	}
	export interface LogPage {
	    runId: string;
	    from: number;
	    lines: Line[];
	    last: number;
	    open: OpenLine[];
	    notices: Notice[];
	    done: boolean;
	    order?: number;
	}
	export interface LookedAt {
	    path: string;
	    state: string;
	    hosts: number;
	    error: string;
	}
	
	
	
	export interface Prompt {
	    id: string;
	    kind: string;
	    vmName: string;
	    address: string;
	    ip: string;
	    hops: Hop[];
	    keyType: string;
	    keyBits: number;
	    fingerprint: string;
	    knownFingerprint: string;
	    knownAt: string;
	    removeCommand: string;
	    knownHostsFile: string;
	    reason: string;
	    keyFile: string;
	    question: string;
	    said: string;
	    echo: boolean;
	    attempt: number;
	    canKeep: boolean;
	    forgot: boolean;
	    // Go type: time
	    askedAt: any;
	}
	export interface PromptAnswer {
	    id: string;
	    accept: boolean;
	    secret: string;
	    keep: boolean;
	}
	export interface Reach {
	    vmId: string;
	    state: string;
	    millis: number;
	    via: string;
	    server: string;
	    error?: Error;
	}
	
	
	export interface VMNote {
	    vmId: string;
	    power: string;
	    warnings: string[];
	}
	export interface SourceState {
	    source: string;
	    state: string;
	    hosts: number;
	    error?: Error;
	}
	export interface Review {
	    new: FoundHost[];
	    changed: ChangedHost[];
	    gone: VM[];
	    problems: ConfigProblem[];
	    files: LookedAt[];
	    known: number;
	    sources: SourceState[];
	    notes: VMNote[];
	}
	export interface TakeHost {
	    source: string;
	    alias: string;
	    name: string;
	    environment: string;
	    tags: string[];
	}
	export interface ReviewDecision {
	    take: TakeHost[];
	    acknowledge: string[];
	    remove: string[];
	}
	
	
	
	export interface SearchFilter {
	    vmNames: string[];
	    commands: string[];
	    statuses: string[];
	    exitCode?: number;
	    stream: string;
	    // Go type: time
	    since?: any;
	    // Go type: time
	    before?: any;
	}
	export interface SearchProgress {
	    lines: number;
	    runs: number;
	    searched: number;
	    total: number;
	}
	export interface SearchRun {
	    id: string;
	    jobId: string;
	    jobNumber: number;
	    jobName: string;
	    vmId: string;
	    vmName: string;
	    status: string;
	    exitCode?: number;
	    // Go type: time
	    createdAt: any;
	}
	
	
	export interface Settings {
	    theme: string;
	    parallelism: number;
	    confirmProd: boolean;
	    sidebarWidth: number;
	    sidebarSplit: number;
	    vmGroup: string;
	    checkReach: boolean;
	    windowWidth: number;
	    windowHeight: number;
	    windowX: number;
	    windowY: number;
	    windowMaximised: boolean;
	    logWrap: boolean;
	    logTime: string;
	    libraryFolder: string;
	    density: string;
	    fontSize: number;
	    logFontSize: number;
	    defaultTimeoutSeconds: number;
	    confirmFrom: number;
	    notifyAfterSeconds: number;
	    keepDays: number;
	    keepGb: number;
	    terminal: string;
	    sshPath: string;
	}
	export interface Share {
	    name: string;
	    jobs: number;
	    bytes: number;
	}
	
	
	export interface Storage {
	    path: string;
	    fileBytes: number;
	    usedBytes: number;
	    outputRaw: number;
	    outputKept: number;
	    indexBytes: number;
	    spareBytes: number;
	    freeBytes: number;
	    jobs: number;
	    starred: number;
	    // Go type: time
	    oldest?: any;
	    vms: Share[];
	    commands: Share[];
	    removals: Removal[];
	    copies: Copy[];
	}
	
	
	export interface TextQuery {
	    text: string;
	    regex: boolean;
	    case: boolean;
	}
	export interface Usage {
	    runs: number;
	    succeeded: number;
	    usualMillis: number;
	    // Go type: time
	    lastAt?: any;
	    lastStatus: string;
	    lastJob: number;
	}
	export interface UsageQuery {
	    commandId: string;
	    script: string;
	    vmId: string;
	    vmName: string;
	}
	
	export interface VMEdit {
	    addTags: string[];
	    removeTags: string[];
	    favourite?: boolean;
	    hidden?: boolean;
	    environment?: string;
	}

}

