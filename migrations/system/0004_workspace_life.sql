-- How a workspace lives: sample or not, archived, deleted with a grace, gone.

ALTER TABLE workspaces ADD COLUMN is_sample INTEGER NOT NULL DEFAULT 0
    CHECK (is_sample IN (0, 1));
-- Ids of the apps switched on, blanks between them. NULL: nobody chose, so all are.
ALTER TABLE workspaces ADD COLUMN apps TEXT CHECK (length(apps) <= 400);
ALTER TABLE workspaces ADD COLUMN archived_at INTEGER;
ALTER TABLE workspaces ADD COLUMN deleted_at INTEGER;
-- Set before its file is removed: from then on there is no way back.
ALTER TABLE workspaces ADD COLUMN purged_at INTEGER;

-- For: what the nightly clean-up removes.
CREATE INDEX workspaces_deleted ON workspaces (deleted_at) WHERE deleted_at IS NOT NULL;
