-- Which secrets a job is asked for when it is run again: their parameters, never a value.
ALTER TABLE jobs ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]';
