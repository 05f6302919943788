-- Times are milliseconds since 1970, UTC. JSON columns hold the domain's JSON. Names are compared by their *_key, folded in Go.

CREATE TABLE vms (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL,
    source        TEXT NOT NULL,
    source_key    TEXT NOT NULL,
    data          TEXT NOT NULL, -- the whole VM but for what has a column
    last_used_at  INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    deleted_at    INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX vms_name ON vms (name_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX vms_source ON vms (source, source_key) WHERE deleted_at IS NULL AND source_key <> '';

CREATE TABLE commands (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL,
    only_vm       TEXT NOT NULL, -- the VM that alone has this command, else ''
    data          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    deleted_at    INTEGER,
    deleted_with  TEXT NOT NULL DEFAULT '' -- the VM whose deletion took it along
);
CREATE UNIQUE INDEX commands_name ON commands (name_key) WHERE deleted_at IS NULL;
CREATE INDEX commands_vm ON commands (only_vm) WHERE only_vm <> '';

CREATE TABLE instances (
    id          TEXT PRIMARY KEY,
    origin      TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    started_at  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE jobs (
    number           INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT NOT NULL UNIQUE,
    status           TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    started_at       INTEGER,
    finished_at      INTEGER,
    deleted_at       INTEGER,
    starred          INTEGER NOT NULL,
    origin           TEXT NOT NULL,
    owner            TEXT NOT NULL, -- the instance that runs it
    command_id       TEXT,
    retry_of         TEXT,
    name             TEXT NOT NULL,
    kind             TEXT NOT NULL,
    parallelism      INTEGER NOT NULL,
    timeout_seconds  INTEGER NOT NULL,
    work_dir         TEXT NOT NULL,
    counts           TEXT NOT NULL, -- runs by status; kept by every change of a run's status
    vm_names         TEXT NOT NULL, -- of the first runs
    run_count        INTEGER NOT NULL,
    vals             TEXT NOT NULL,
    env              TEXT NOT NULL,
    script           TEXT NOT NULL  -- last: it may be long, and then lies on pages that a list needn't read
);
CREATE INDEX jobs_status ON jobs (status, number, created_at) WHERE deleted_at IS NULL;
CREATE INDEX jobs_created ON jobs (created_at, number) WHERE deleted_at IS NULL;
CREATE INDEX jobs_command ON jobs (command_id, number) WHERE command_id IS NOT NULL;
CREATE INDEX jobs_starred ON jobs (number) WHERE starred = 1;
CREATE INDEX jobs_unfinished ON jobs (owner) WHERE status IN ('queued', 'running');

-- What a text filter looks in, folded: name, script, names of the VMs.
CREATE TABLE job_search (
    number  INTEGER PRIMARY KEY REFERENCES jobs (number) ON DELETE CASCADE,
    text    TEXT NOT NULL
);

CREATE TABLE runs (
    key           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    job           INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    vm_id         TEXT,
    vm_name       TEXT NOT NULL,
    target        TEXT NOT NULL,
    status        TEXT NOT NULL,
    exit_code     INTEGER,
    signal        TEXT NOT NULL,
    error         TEXT,
    note          TEXT NOT NULL,
    stop_result   TEXT,
    started_at    INTEGER,
    finished_at   INTEGER,
    bytes         INTEGER NOT NULL,
    lines         INTEGER NOT NULL,
    complete      INTEGER NOT NULL,
    remote        TEXT,
    stored_bytes  INTEGER NOT NULL DEFAULT 0, -- what log_tails and log_chunks hold together
    stored_lines  INTEGER NOT NULL DEFAULT 0,
    stored_at     INTEGER,
    UNIQUE (job, position)
);
CREATE INDEX runs_vm ON runs (vm_id, job) WHERE vm_id IS NOT NULL;
CREATE INDEX runs_vm_name ON runs (vm_name, job);

CREATE TABLE cancel_requests (
    seq     INTEGER PRIMARY KEY,
    job     INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    run_id  TEXT NOT NULL, -- '' is the whole job
    at      INTEGER NOT NULL
);

-- Rows with a blob of tens of KB: a rowid table with narrow indexes finds a block in three pages, where WITHOUT ROWID
-- would spread the blobs over the inner nodes of the tree.
CREATE TABLE log_tails (
    key         INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    first_byte  INTEGER NOT NULL,
    bytes       INTEGER NOT NULL CHECK (bytes > 0),
    first_line  INTEGER NOT NULL,
    lines       INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    header      BLOB,
    data        BLOB
);
CREATE UNIQUE INDEX log_tails_byte ON log_tails (run, first_byte);
CREATE INDEX log_tails_line ON log_tails (run, first_line, first_byte);
CREATE TABLE log_chunks (
    key         INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    first_byte  INTEGER NOT NULL,
    bytes       INTEGER NOT NULL CHECK (bytes > 0),
    first_line  INTEGER NOT NULL,
    lines       INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    header      BLOB,
    data        BLOB
);
CREATE UNIQUE INDEX log_chunks_byte ON log_chunks (run, first_byte);
CREATE INDEX log_chunks_line ON log_chunks (run, first_line, first_byte);

CREATE TABLE log_notices (
    seq         INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    after_line  INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    text        TEXT NOT NULL
);
CREATE INDEX log_notices_run ON log_notices (run, seq);

CREATE TABLE settings (
    key    TEXT PRIMARY KEY,
    value  TEXT NOT NULL -- JSON
) WITHOUT ROWID;

-- The shipped commands were offered once: a deleted one doesn't come back.
CREATE TABLE marks (
    name  TEXT PRIMARY KEY,
    at    INTEGER NOT NULL
) WITHOUT ROWID;

-- What changed, for other processes. Growing output is not in it: bytes and lines of a run are read when looked at.
CREATE TABLE changes (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    entity  TEXT NOT NULL,
    id      TEXT NOT NULL
);
CREATE TRIGGER changes_bounded AFTER INSERT ON changes WHEN NEW.seq % 1000 = 0 BEGIN
    DELETE FROM changes WHERE seq <= NEW.seq - 10000;
END;
CREATE TRIGGER vms_inserted AFTER INSERT ON vms BEGIN
    INSERT INTO changes (entity, id) VALUES ('vm', NEW.id);
END;
CREATE TRIGGER vms_updated AFTER UPDATE ON vms BEGIN
    INSERT INTO changes (entity, id) VALUES ('vm', NEW.id);
END;
CREATE TRIGGER commands_inserted AFTER INSERT ON commands BEGIN
    INSERT INTO changes (entity, id) VALUES ('command', NEW.id);
END;
CREATE TRIGGER commands_updated AFTER UPDATE ON commands BEGIN
    INSERT INTO changes (entity, id) VALUES ('command', NEW.id);
END;
CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
    INSERT INTO changes (entity, id) VALUES ('job', NEW.id);
END;
CREATE TRIGGER jobs_updated AFTER UPDATE ON jobs BEGIN
    INSERT INTO changes (entity, id) VALUES ('job', NEW.id);
END;
CREATE TRIGGER runs_updated AFTER UPDATE OF status, exit_code, signal, error, note, stop_result, started_at, finished_at, complete, remote ON runs BEGIN
    INSERT INTO changes (entity, id) VALUES ('run', NEW.id);
END;
CREATE TRIGGER settings_inserted AFTER INSERT ON settings BEGIN
    INSERT INTO changes (entity, id) VALUES ('settings', '');
END;
CREATE TRIGGER settings_updated AFTER UPDATE ON settings BEGIN
    INSERT INTO changes (entity, id) VALUES ('settings', '');
END;
