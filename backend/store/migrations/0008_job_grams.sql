-- Which jobs have a text, by its runs of three letters (SQLite's FTS5, trigram): without it a filter that fits few jobs
-- or none walks through the texts of all. It has no copy of the texts; those of one or two letters are still walked.
CREATE VIRTUAL TABLE job_grams USING fts5 (text, content = 'job_search', content_rowid = 'number', tokenize = 'trigram case_sensitive 1');
INSERT INTO job_grams (job_grams) VALUES ('rebuild');
CREATE TRIGGER job_search_added AFTER INSERT ON job_search BEGIN
    INSERT INTO job_grams (rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER job_search_gone AFTER DELETE ON job_search BEGIN
    INSERT INTO job_grams (job_grams, rowid, text) VALUES ('delete', old.number, old.text);
END;
