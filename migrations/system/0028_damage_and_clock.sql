-- Workspaces whose files are damaged: they are only read until a restore, or a look that finds them
-- whole, takes the mark away.
CREATE TABLE damaged_workspaces (
    workspace_id BLOB PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    found_at INTEGER NOT NULL,
    -- What SQLite said, in its words.
    found TEXT NOT NULL CHECK (length(found) <= 500)
) STRICT, WITHOUT ROWID;

-- When the file of a workspace was looked through last; none: never.
ALTER TABLE workspaces ADD COLUMN checked_at INTEGER;

-- The file of before was damaged: it is kept until somebody removes it by hand.
ALTER TABLE restores ADD COLUMN was_damaged INTEGER NOT NULL DEFAULT 0
    CHECK (was_damaged IN (0, 1));

-- When the clock of the box jumped last, and how: no backup is removed for a day.
ALTER TABLE backup_retention ADD COLUMN clock_jumped_at INTEGER;
ALTER TABLE backup_retention ADD COLUMN clock_jump TEXT CHECK (length(clock_jump) <= 500);
