-- What jobs did to this file, written in the transaction that did it: a job that was
-- interrupted before its end was noted is not done twice.

CREATE TABLE job_effects (
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    step TEXT NOT NULL CHECK (length(step) BETWEEN 1 AND 100),
    result TEXT NOT NULL CHECK (length(result) <= 20000),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (job_id, step)
) STRICT, WITHOUT ROWID;
-- For: dropping what is older than any job that could run again.
CREATE INDEX job_effects_created ON job_effects (created_at);
