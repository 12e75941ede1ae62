-- Restores of workspaces: what was asked, what became of it, and how long what was there before
-- is kept.

CREATE TABLE restores (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    -- No reference: the catalogue forgets what was pruned. NULL: from a folder, or an undo.
    backup_id BLOB CHECK (length(backup_id) = 16),
    -- What is brought back, or what is made of it.
    workspace_id BLOB CHECK (length(workspace_id) = 16),
    mode TEXT NOT NULL CHECK (mode IN ('look', 'in_place', 'as_new', 'undo')),
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'undone')),
    -- The restore that an undo takes back.
    of_restore BLOB CHECK (length(of_restore) = 16),
    -- NULL: somebody at the box's command line.
    asked_by BLOB CHECK (length(asked_by) = 16),
    asked_at INTEGER NOT NULL,
    finished_at INTEGER,
    -- The file of before lies beside the workspaces until then.
    kept_until INTEGER,
    -- What went wrong, in a sentence.
    detail TEXT CHECK (length(detail) <= 1000),
    -- What a look found, JSON.
    found TEXT CHECK (length(found) <= 4000000)
) STRICT, WITHOUT ROWID;
