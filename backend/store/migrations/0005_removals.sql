-- What was taken out of the history to make room: when, how much, why. The person is told.
CREATE TABLE removals (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    jobs   INTEGER NOT NULL,
    bytes  INTEGER NOT NULL, -- of output, as it came
    why    TEXT NOT NULL
);
CREATE INDEX jobs_deleted ON jobs (deleted_at) WHERE deleted_at IS NOT NULL;
