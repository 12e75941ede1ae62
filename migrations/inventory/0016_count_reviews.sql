-- How a count is reviewed: who did what when, how often a line was counted, what was decided, and
-- from which difference on the workspace wants a second person to count.

ALTER TABLE count_sessions ADD COLUMN entries INTEGER NOT NULL DEFAULT 0 CHECK (entries >= 0);
ALTER TABLE count_sessions ADD COLUMN lines INTEGER NOT NULL DEFAULT 0 CHECK (lines >= 0);
ALTER TABLE count_sessions ADD COLUMN counted_lines INTEGER NOT NULL DEFAULT 0
    CHECK (counted_lines >= 0);
ALTER TABLE count_sessions ADD COLUMN submitted_at INTEGER;
ALTER TABLE count_sessions ADD COLUMN submitted_by BLOB CHECK (length(submitted_by) = 16);
ALTER TABLE count_sessions ADD COLUMN approved_at INTEGER;
ALTER TABLE count_sessions ADD COLUMN approved_by BLOB CHECK (length(approved_by) = 16);
ALTER TABLE count_sessions ADD COLUMN rejected_at INTEGER;
ALTER TABLE count_sessions ADD COLUMN rejected_by BLOB CHECK (length(rejected_by) = 16);
ALTER TABLE count_sessions ADD COLUMN reject_reason TEXT NOT NULL DEFAULT ''
    CHECK (length(reject_reason) <= 500);

-- The ledger's last entry when the count came in: what was posted later cannot disturb it.
ALTER TABLE count_entries ADD COLUMN received_seq INTEGER CHECK (received_seq >= 0);
-- The entry that this one takes back.
ALTER TABLE count_entries ADD COLUMN undoes_id INTEGER REFERENCES count_entries (rid);
-- SHA-256 over what was sent, so that an operation sent again is known from another one.
ALTER TABLE count_entries ADD COLUMN sent_hash BLOB CHECK (length(sent_hash) = 32);
-- For: an entry is taken back once.
CREATE UNIQUE INDEX count_entries_undoes_unique ON count_entries (undoes_id)
    WHERE undoes_id IS NOT NULL;
-- For: a count's entries, newest first.
CREATE INDEX count_entries_newest ON count_entries (count_session_id, rid);
CREATE TRIGGER count_entries_circumstances_are_not_changed BEFORE UPDATE OF
    received_seq, undoes_id, sent_hash ON count_entries
BEGIN SELECT RAISE(ABORT, 'count entries are not changed'); END;

-- Only entries behind this row count: a manager wanted the line counted again.
ALTER TABLE count_lines ADD COLUMN entries_after INTEGER NOT NULL DEFAULT 0;
-- How many people counted, and who was the last.
ALTER TABLE count_lines ADD COLUMN counters INTEGER NOT NULL DEFAULT 0 CHECK (counters >= 0);
ALTER TABLE count_lines ADD COLUMN counted_by BLOB CHECK (length(counted_by) = 16);
ALTER TABLE count_lines ADD COLUMN counted_at INTEGER;
-- Why it is a conflict: something was posted while it was counted, or two people disagree.
ALTER TABLE count_lines ADD COLUMN is_moved INTEGER NOT NULL DEFAULT 0
    CHECK (is_moved IN (0, 1));
ALTER TABLE count_lines ADD COLUMN is_disputed INTEGER NOT NULL DEFAULT 0
    CHECK (is_disputed IN (0, 1));
ALTER TABLE count_lines ADD COLUMN decision TEXT
    CHECK (decision IN ('keep_delta', 'count_now', 'recount', 'reject'));

-- One row: from which difference on a second person is to count. Null asks for nobody.
CREATE TABLE count_settings (
    rid INTEGER PRIMARY KEY CHECK (rid = 1),
    -- Percent of what was expected.
    second_count_percent INTEGER CHECK (second_count_percent BETWEEN 1 AND 1000),
    -- Worth of the difference, in ten-thousandths.
    second_count_value INTEGER CHECK (second_count_value BETWEEN 1 AND 99999999999999),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16)
) STRICT;
INSERT INTO count_settings (rid, updated_at) VALUES (1, 0);
