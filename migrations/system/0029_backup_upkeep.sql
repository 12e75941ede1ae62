-- Packs are looked at one after the other, and what never became a backup is removed once.

-- When a pack at a target was compared with what was written; none: not since it was made.
ALTER TABLE backup_pack_copies ADD COLUMN checked_at INTEGER;

-- When somebody looked for what is left of a copy that failed, and removed what is no backup.
ALTER TABLE backup_copies ADD COLUMN swept_at INTEGER;
