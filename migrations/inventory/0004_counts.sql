-- Counting: sessions, what people entered, and what was made of it.

CREATE TABLE count_sessions (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT count_sessions_id_unique UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- {location_id?, category?, item_ids?} as canonical JSON.
    scope_json TEXT NOT NULL DEFAULT '{}' CHECK (length(scope_json) <= 1000000),
    is_blind INTEGER NOT NULL DEFAULT 0 CHECK (is_blind IN (0, 1)),
    state TEXT NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'submitted', 'applied', 'canceled')),
    -- The ledger's last entry when the session was opened.
    start_seq INTEGER NOT NULL CHECK (start_seq >= 0),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16)
) STRICT;
-- For: list of a state, newest first.
CREATE INDEX count_sessions_state ON count_sessions (state, created_at, rid);

-- What somebody counted, as it was sent. A correction is another entry.
CREATE TABLE count_entries (
    rid INTEGER PRIMARY KEY,
    client_op BLOB NOT NULL CHECK (length(client_op) = 16)
        CONSTRAINT count_entries_client_op_unique UNIQUE,
    count_session_id INTEGER REFERENCES count_sessions (rid),
    -- Without an item: a code that nobody knows yet.
    item_id INTEGER REFERENCES items (rid),
    location_id INTEGER NOT NULL REFERENCES locations (rid),
    lot_id INTEGER NOT NULL DEFAULT 0 REFERENCES lots (rid),
    unknown_code TEXT CHECK (length(unknown_code) BETWEEN 1 AND 128),
    qty INTEGER NOT NULL CHECK (qty BETWEEN -99999999999999 AND 99999999999999),
    mode TEXT NOT NULL CHECK (mode IN ('set', 'add')),
    -- The ledger's last entry that the counter's device knew.
    seen_seq INTEGER CHECK (seen_seq >= 0),
    device TEXT NOT NULL DEFAULT '' CHECK (length(device) <= 100),
    counted_by BLOB CHECK (length(counted_by) = 16),
    counted_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    CHECK ((item_id IS NULL) = (unknown_code IS NOT NULL))
) STRICT;
-- For: entries of a session, by what they count.
CREATE INDEX count_entries_session
    ON count_entries (count_session_id, item_id, location_id, lot_id, rid);
CREATE TRIGGER count_entries_are_not_changed BEFORE UPDATE ON count_entries
BEGIN SELECT RAISE(ABORT, 'count entries are not changed'); END;
CREATE TRIGGER count_entries_are_not_deleted BEFORE DELETE ON count_entries
BEGIN SELECT RAISE(ABORT, 'count entries are not deleted'); END;

CREATE TABLE count_lines (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT count_lines_id_unique UNIQUE,
    count_session_id INTEGER NOT NULL REFERENCES count_sessions (rid),
    item_id INTEGER NOT NULL REFERENCES items (rid),
    location_id INTEGER NOT NULL REFERENCES locations (rid),
    lot_id INTEGER NOT NULL DEFAULT 0 REFERENCES lots (rid),
    expected_qty INTEGER NOT NULL CHECK (expected_qty BETWEEN -99999999999999 AND 99999999999999),
    expected_seq INTEGER NOT NULL CHECK (expected_seq >= 0),
    counted_qty INTEGER CHECK (counted_qty BETWEEN -99999999999999 AND 99999999999999),
    state TEXT NOT NULL
        CHECK (state IN ('ok', 'variance', 'conflict', 'recount', 'approved', 'rejected')),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16),
    CONSTRAINT count_lines_key_unique UNIQUE (count_session_id, item_id, location_id, lot_id)
) STRICT;
