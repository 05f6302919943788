-- A pack of signatures is stored in slices, of which a search reads few; see backend/output/signature.go. Those of before
-- have another form: all are built anew behind the stream, and until then a search reads the output itself.
DROP TRIGGER log_signed_deleted;
DELETE FROM log_signed;
DROP TABLE log_signatures;
CREATE TABLE log_signatures (
    key    INTEGER PRIMARY KEY,
    bytes  INTEGER NOT NULL -- of output that it stands for
);
CREATE TABLE log_slices (
    key   INTEGER PRIMARY KEY, -- that of the pack * 16 + which slice
    data  BLOB NOT NULL
);
CREATE TRIGGER log_signed_deleted AFTER DELETE ON log_signed
WHEN NOT EXISTS (SELECT 1 FROM log_signed WHERE pack = OLD.pack) BEGIN
    DELETE FROM log_signatures WHERE key = OLD.pack;
END;
CREATE TRIGGER log_signatures_deleted AFTER DELETE ON log_signatures BEGIN
    DELETE FROM log_slices WHERE key BETWEEN OLD.key * 16 AND OLD.key * 16 + 15;
END;
UPDATE runs SET signed_bytes = 0, signed_lines = 0 WHERE signed_bytes > 0;
