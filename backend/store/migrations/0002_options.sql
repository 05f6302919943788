-- How a job's command runs on its targets; see domain.RunOptions.
ALTER TABLE jobs ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
