-- Targets of other kinds than folders, what opens them, and what their last test found. Until now
-- all of them were folders.

ALTER TABLE backup_targets DROP COLUMN kind;
ALTER TABLE backup_targets ADD COLUMN kind TEXT NOT NULL DEFAULT 'folder'
    CHECK (kind IN ('folder', 's3', 'sftp', 'webdav', 'onedrive'));
-- Sealed: a password, a key, or what a sign-in left. Nothing in the settings is secret.
ALTER TABLE backup_targets ADD COLUMN secret BLOB CHECK (length(secret) <= 20000);
-- JSON: what the last try did one after the other, when it was a test.
ALTER TABLE backup_targets ADD COLUMN last_steps TEXT CHECK (length(last_steps) <= 10000);
-- What the last test that got so far found; 0 where the target keeps what it has.
ALTER TABLE backup_targets ADD COLUMN can_delete INTEGER CHECK (can_delete IN (0, 1));
