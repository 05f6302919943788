-- Signatures say which stretches of output can't hold a text, so that a search opens few of them. Many stand in one
-- row, because a search reads all of them; which stretches a slot stands for is in log_signed.
CREATE TABLE log_signatures (
    key    INTEGER PRIMARY KEY,
    bytes  INTEGER NOT NULL, -- of output that it stands for
    data   BLOB NOT NULL
);
CREATE TABLE log_signed (
    pack        INTEGER NOT NULL REFERENCES log_signatures (key) ON DELETE CASCADE,
    slot        INTEGER NOT NULL,
    run         INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    first_byte  INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    first_line  INTEGER NOT NULL,
    lines       INTEGER NOT NULL,
    PRIMARY KEY (pack, slot, run, first_byte)
) WITHOUT ROWID;
CREATE INDEX log_signed_run ON log_signed (run, first_byte);

-- Up to where a run's output has signatures. What lies behind is few and is read by every search.
ALTER TABLE runs ADD COLUMN signed_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN signed_lines INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_unsigned ON runs (key) WHERE signed_bytes < stored_bytes;

-- Signatures go with the output, whether the run goes or only its output does.
CREATE TRIGGER log_chunks_deleted AFTER DELETE ON log_chunks BEGIN
    DELETE FROM log_signed WHERE run = OLD.run AND first_byte < OLD.first_byte + OLD.bytes AND first_byte + bytes > OLD.first_byte;
END;
CREATE TRIGGER log_signed_deleted AFTER DELETE ON log_signed
WHEN NOT EXISTS (SELECT 1 FROM log_signed WHERE pack = OLD.pack) BEGIN
    DELETE FROM log_signatures WHERE key = OLD.pack;
END;
