-- People whose data was erased. A row stays for good: it says what has to be erased again after a
-- backup from before was restored.

CREATE TABLE erasures (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    -- Who it was, which says nothing any more. No reference: the person is gone.
    user_id BLOB NOT NULL CHECK (length(user_id) = 16) CONSTRAINT erasures_user_id_unique UNIQUE,
    -- NULL: somebody at the box's command line.
    asked_by BLOB CHECK (length(asked_by) = 16),
    asked_at INTEGER NOT NULL,
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    -- Names and addresses to look for, JSON. NULL once nothing is left of them.
    looked_for TEXT CHECK (length(looked_for) <= 100000),
    -- Rows deleted, texts emptied or masked, entries of audit logs whose personal values are gone.
    row_count INTEGER NOT NULL DEFAULT 0,
    text_count INTEGER NOT NULL DEFAULT 0,
    entry_count INTEGER NOT NULL DEFAULT 0,
    -- Nothing is left in tables; the box's file may still have to be written anew.
    closed_at INTEGER,
    finished_at INTEGER
) STRICT, WITHOUT ROWID;

-- The workspaces an erasure goes through.
CREATE TABLE erasure_files (
    erasure_id BLOB NOT NULL REFERENCES erasures (id),
    -- No reference: a workspace may go meanwhile.
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    -- Whether the person belonged to it then.
    was_member INTEGER NOT NULL CHECK (was_member IN (0, 1)),
    done_at INTEGER,
    PRIMARY KEY (erasure_id, workspace_id)
) STRICT, WITHOUT ROWID;
