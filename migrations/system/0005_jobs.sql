-- Work that is done on a schedule or that somebody asked for: what waits, what runs, what was.

CREATE TABLE jobs (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    -- NULL: the job is the box's own. No reference: the history outlives the workspace.
    workspace_id BLOB CHECK (length(workspace_id) = 16),
    -- What it is about, when one at a time is not enough said by the kind.
    subject TEXT NOT NULL DEFAULT '' CHECK (length(subject) <= 200),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    is_heavy INTEGER NOT NULL CHECK (is_heavy IN (0, 1)),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempts_max INTEGER NOT NULL CHECK (attempts_max >= 1),
    -- JSON, as are the results of `result`.
    input TEXT NOT NULL CHECK (length(input) <= 20000),
    result TEXT CHECK (length(result) <= 20000),
    problem_code TEXT,
    problem_detail TEXT CHECK (length(problem_detail) <= 2000),
    progress_done INTEGER,
    progress_total INTEGER,
    -- NULL: the schedule asked for it, or the box itself.
    requested_by BLOB CHECK (length(requested_by) = 16),
    -- The session or token it was asked with: a narrowed token's job may do no more than it.
    requested_with BLOB CHECK (length(requested_with) = 16),
    created_at INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    cancel_asked_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
-- For: what runs next, what was left running, what failed, what is old.
CREATE INDEX jobs_state ON jobs (state, finished_at);
-- For: whether the same is under way already.
CREATE INDEX jobs_about ON jobs (kind, workspace_id, state);

-- Up to when each schedule was looked after, so that a missed night is made up for once.
CREATE TABLE job_schedules (
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    -- Sixteen zero bytes: the box.
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    done_until INTEGER NOT NULL,
    PRIMARY KEY (kind, workspace_id)
) STRICT, WITHOUT ROWID;

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
