-- Closing the books at the end of a day, and what the reports over a period read.

-- One row. Movements that took effect up to `locked_until` are refused; none: all are taken.
CREATE TABLE lock_dates (
    rid INTEGER PRIMARY KEY CHECK (rid = 1),
    -- The last day that is closed, like 2026-03-31.
    day TEXT CHECK (length(day) = 10),
    -- When that day ended where the workspace was when somebody closed it. Kept as a moment, so
    -- that nothing opens or closes when the workspace moves to another time zone.
    locked_until INTEGER,
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16),
    CHECK ((day IS NULL) = (locked_until IS NULL))
) STRICT;
INSERT INTO lock_dates (rid, updated_at) VALUES (1, 0);

-- What the books said a counted line was worth when it was approved, before what it found was
-- posted, in ten-thousandths. Null: not approved, or by a release that did not keep it.
ALTER TABLE count_lines ADD COLUMN book_value INTEGER;
-- For: the counts that were applied within a period.
CREATE INDEX count_sessions_applied ON count_sessions (approved_at, rid)
    WHERE state = 'applied';

-- A period is read item by item, and has to know what was used.
DROP INDEX movements_item;
-- For: an item's history with its running balance, stock at a moment, the lowest balance after a
-- moment, the self-check and the use of a period, each without touching the table.
CREATE INDEX movements_item ON movements (
    item_id, effective_at, seq, location_id, lot_id, qty, value, transfer_id, type
);
