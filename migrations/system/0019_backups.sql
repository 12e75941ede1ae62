-- Backups: whom they are encrypted to, where they go, and what became of them.

-- The public halves of recovery keys. The private halves lie in kits, never here.
CREATE TABLE backup_kits (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    recipient TEXT NOT NULL CHECK (length(recipient) BETWEEN 1 AND 2000)
        CONSTRAINT backup_kits_recipient_unique UNIQUE,
    -- SHA-256 of what was encrypted to it to see whether somebody can open it.
    challenge_hash BLOB CHECK (length(challenge_hash) = 32),
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    -- No new backup is encrypted to it; the old ones still open.
    retired_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE backup_targets (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind TEXT NOT NULL CHECK (kind IN ('folder')),
    -- JSON, as the kind has it.
    settings TEXT NOT NULL CHECK (length(settings) <= 4000),
    created_at INTEGER NOT NULL,
    -- How the last try to reach it ended.
    last_at INTEGER,
    last_is_ok INTEGER CHECK (last_is_ok IN (0, 1)),
    last_detail TEXT CHECK (length(last_detail) <= 1000)
) STRICT, WITHOUT ROWID;

-- Counts recoveries of the box: of two boxes with one id the higher one lives.
CREATE TABLE backup_state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    box_epoch INTEGER NOT NULL CHECK (box_epoch >= 1)
) STRICT;
INSERT INTO backup_state (one, box_epoch) VALUES (1, 1);

CREATE TABLE backups (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    -- From 1, without gaps among those that were written.
    sequence INTEGER CONSTRAINT backups_sequence_unique UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('running', 'uploaded', 'failed')),
    -- The job that makes it.
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    started_at INTEGER NOT NULL,
    -- The moment of the cut.
    taken_at INTEGER,
    finished_at INTEGER,
    -- What was encrypted, and what came of it.
    source_bytes INTEGER,
    size_bytes INTEGER,
    workspaces INTEGER,
    -- SHA-256 of its COMMIT.json, which the next one names.
    commit_hash BLOB CHECK (length(commit_hash) = 32),
    -- The folder below the target's own.
    folder TEXT CHECK (length(folder) <= 200),
    -- What went wrong, in a sentence.
    detail TEXT CHECK (length(detail) <= 1000)
) STRICT, WITHOUT ROWID;

-- Where a backup lies.
CREATE TABLE backup_copies (
    backup_id BLOB NOT NULL REFERENCES backups (id) ON DELETE CASCADE,
    target_id BLOB NOT NULL REFERENCES backup_targets (id) ON DELETE CASCADE,
    uploaded_at INTEGER,
    detail TEXT CHECK (length(detail) <= 1000),
    PRIMARY KEY (backup_id, target_id)
) STRICT, WITHOUT ROWID;
-- For: a target's copies, when it goes.
CREATE INDEX backup_copies_target ON backup_copies (target_id);
