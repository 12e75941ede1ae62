-- Backups are proved: each copy is sent until it lies there, fetched back and looked through.

ALTER TABLE backups ADD COLUMN reason TEXT NOT NULL DEFAULT 'asked'
    CHECK (reason IN ('asked', 'schedule', 'recovery', 'migration'));
-- When a copy of it was fetched back, opened and found whole for the first time,
ALTER TABLE backups ADD COLUMN verified_at INTEGER;
-- and when somebody last did the same with a recovery kit.
ALTER TABLE backups ADD COLUMN drilled_at INTEGER;

ALTER TABLE backup_copies ADD COLUMN state TEXT NOT NULL DEFAULT 'there'
    CHECK (state IN ('waiting', 'there', 'failed', 'gone'));
ALTER TABLE backup_copies ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
-- Something is still to be done for it, not before this time; none: nothing.
ALTER TABLE backup_copies ADD COLUMN next_try_at INTEGER;
ALTER TABLE backup_copies ADD COLUMN verified_at INTEGER;
-- When its files were last compared with what was written.
ALTER TABLE backup_copies ADD COLUMN checked_at INTEGER;
UPDATE backup_copies SET state = 'failed' WHERE uploaded_at IS NULL;

-- Another box with this one's identity writes to a target. One row as long as nobody has said which
-- of the two lives.
CREATE TABLE backup_fence (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seen_at INTEGER NOT NULL,
    -- The epoch of the other box.
    box_epoch INTEGER NOT NULL,
    detail TEXT NOT NULL CHECK (length(detail) <= 1000)
) STRICT;
