-- The ledger and what follows from it.
--
-- `movements` is append-only. `stocks` and `item_totals` are sums over it, written by the trigger
-- behind each new movement and by nothing else: their guards let a write pass only when it is
-- exactly the effect of a movement that the row has not taken in yet. Since every movement is taken
-- in at once, there is never such a movement for a statement from outside.

CREATE TABLE movements (
    -- Order of posting. Rows are never deleted, so no number comes twice.
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT movements_id_unique UNIQUE,
    type TEXT NOT NULL CHECK (type IN ('receive', 'use', 'adjust', 'transfer')),
    item_id INTEGER NOT NULL REFERENCES items (rid),
    location_id INTEGER NOT NULL REFERENCES locations (rid),
    lot_id INTEGER NOT NULL DEFAULT 0 REFERENCES lots (rid),
    -- Signed: above zero comes in, below goes out.
    qty INTEGER NOT NULL
        CHECK (qty BETWEEN -99999999999999 AND 99999999999999 AND qty <> 0),
    -- The price the value was computed with, where there was one.
    unit_cost INTEGER CHECK (unit_cost BETWEEN 0 AND 99999999999999),
    -- What the stock's worth changed by; fixed at posting, never computed again.
    value INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    posted_at INTEGER NOT NULL,
    posted_by BLOB CHECK (length(posted_by) = 16),
    note TEXT NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    reference TEXT NOT NULL DEFAULT '' CHECK (length(reference) <= 200),
    reason_code TEXT CHECK (length(reason_code) BETWEEN 1 AND 32),
    -- Why stock was allowed to go below zero.
    override_reason TEXT CHECK (length(override_reason) BETWEEN 1 AND 500),
    -- The same for both legs of a transfer.
    transfer_id BLOB CHECK (length(transfer_id) = 16),
    receipt_line_id INTEGER REFERENCES receipt_lines (rid),
    count_line_id INTEGER REFERENCES count_lines (rid),
    -- The movement this one takes back.
    reverses_seq INTEGER REFERENCES movements (seq),
    client_op BLOB CHECK (length(client_op) = 16),
    device TEXT CHECK (length(device) BETWEEN 1 AND 100),
    CHECK ((type = 'transfer') = (transfer_id IS NOT NULL)),
    CHECK (reverses_seq IS NOT NULL
        OR (type = 'receive' AND qty > 0)
        OR (type = 'use' AND qty < 0)
        OR type IN ('adjust', 'transfer')),
    CHECK (reverses_seq < seq)
) STRICT;
-- For: an item's history with its running balance, stock at a moment, and the lowest balance after
-- a moment, each without touching the table.
CREATE INDEX movements_item
    ON movements (item_id, effective_at, seq, location_id, lot_id, qty);
-- For: the journal of a place.
CREATE INDEX movements_location ON movements (location_id, effective_at, seq);
-- For: the journal.
CREATE INDEX movements_effective ON movements (effective_at, seq);
-- For: the journal of one type.
CREATE INDEX movements_type ON movements (type, effective_at, seq);
-- For: both legs of a transfer.
CREATE INDEX movements_transfer ON movements (transfer_id) WHERE transfer_id IS NOT NULL;
-- For: a movement is taken back once.
CREATE UNIQUE INDEX movements_reverses_seq_unique ON movements (reverses_seq)
    WHERE reverses_seq IS NOT NULL;
-- For: a counted line is posted once.
CREATE UNIQUE INDEX movements_count_line_id_unique ON movements (count_line_id)
    WHERE count_line_id IS NOT NULL;
-- For: a device's operation is posted once.
CREATE UNIQUE INDEX movements_client_op_unique ON movements (client_op)
    WHERE client_op IS NOT NULL;
-- For: what was posted for a receipt.
CREATE INDEX movements_receipt_line ON movements (receipt_line_id)
    WHERE receipt_line_id IS NOT NULL;

CREATE TABLE stocks (
    item_id INTEGER NOT NULL REFERENCES items (rid),
    location_id INTEGER NOT NULL REFERENCES locations (rid),
    lot_id INTEGER NOT NULL REFERENCES lots (rid),
    qty INTEGER NOT NULL CHECK (qty BETWEEN -99999999999999 AND 99999999999999),
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (item_id, location_id, lot_id)
) STRICT, WITHOUT ROWID;
-- For: what is at a place, and how many items, without touching the table.
CREATE INDEX stocks_location ON stocks (location_id, item_id, qty);

-- One row per item from its first moment: on hand and worth over all places.
CREATE TABLE item_totals (
    item_id INTEGER PRIMARY KEY REFERENCES items (rid),
    qty INTEGER NOT NULL CHECK (qty BETWEEN -99999999999999 AND 99999999999999),
    value INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- Copy of the item's minimum, so that "low" is a matter of one row.
    min_qty INTEGER
) STRICT;
-- For: list sorted by what is on hand.
CREATE INDEX item_totals_qty ON item_totals (qty, item_id);
-- For: the items that run low.
CREATE INDEX item_totals_low ON item_totals (item_id) WHERE qty < min_qty;

-- Replaces nothing: `INSERT OR REPLACE` would delete the row it replaces without any delete
-- trigger, so a second row with the same identity is refused before that.
CREATE TRIGGER movements_are_not_replaced BEFORE INSERT ON movements
WHEN EXISTS (SELECT 1 FROM movements WHERE seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM movements WHERE id = NEW.id)
    OR (NEW.reverses_seq IS NOT NULL
        AND EXISTS (SELECT 1 FROM movements WHERE reverses_seq = NEW.reverses_seq))
    OR (NEW.count_line_id IS NOT NULL
        AND EXISTS (SELECT 1 FROM movements WHERE count_line_id = NEW.count_line_id))
    OR (NEW.client_op IS NOT NULL
        AND EXISTS (SELECT 1 FROM movements WHERE client_op = NEW.client_op))
BEGIN SELECT RAISE(ABORT, 'movements are not replaced'); END;
CREATE TRIGGER movements_are_not_changed BEFORE UPDATE ON movements
BEGIN SELECT RAISE(ABORT, 'movements are not changed'); END;
CREATE TRIGGER movements_are_not_deleted BEFORE DELETE ON movements
BEGIN SELECT RAISE(ABORT, 'movements are not deleted'); END;

-- Takes a new movement into the sums.
CREATE TRIGGER movements_are_summed AFTER INSERT ON movements
BEGIN
    UPDATE stocks SET qty = qty + NEW.qty, last_seq = NEW.seq
    WHERE item_id = NEW.item_id AND location_id = NEW.location_id AND lot_id = NEW.lot_id;
    INSERT INTO stocks (item_id, location_id, lot_id, qty, last_seq)
    SELECT NEW.item_id, NEW.location_id, NEW.lot_id, NEW.qty, NEW.seq
    WHERE NOT EXISTS (SELECT 1 FROM stocks WHERE item_id = NEW.item_id
        AND location_id = NEW.location_id AND lot_id = NEW.lot_id);
    UPDATE item_totals
    SET qty = qty + NEW.qty, value = value + NEW.value, last_seq = NEW.seq
    WHERE item_id = NEW.item_id;
END;

-- What arrived of an order's line; a reversal carries the same receipt line and lowers it.
CREATE TRIGGER movements_are_received AFTER INSERT ON movements
WHEN NEW.receipt_line_id IS NOT NULL
BEGIN
    UPDATE purchase_order_lines SET received_qty = received_qty + NEW.qty
    WHERE rid = (SELECT purchase_order_line_id FROM receipt_lines WHERE rid = NEW.receipt_line_id);
END;

CREATE TRIGGER stocks_begin_with_a_movement BEFORE INSERT ON stocks
WHEN EXISTS (SELECT 1 FROM stocks WHERE item_id = NEW.item_id
        AND location_id = NEW.location_id AND lot_id = NEW.lot_id)
    OR NOT EXISTS (SELECT 1 FROM movements WHERE seq = NEW.last_seq
        AND item_id = NEW.item_id AND location_id = NEW.location_id
        AND lot_id = NEW.lot_id AND qty = NEW.qty)
BEGIN SELECT RAISE(ABORT, 'stocks are written by movements'); END;
CREATE TRIGGER stocks_follow_a_movement BEFORE UPDATE ON stocks
WHEN NEW.last_seq <= OLD.last_seq
    OR NEW.item_id <> OLD.item_id
    OR NEW.location_id <> OLD.location_id
    OR NEW.lot_id <> OLD.lot_id
    OR NOT EXISTS (SELECT 1 FROM movements WHERE seq = NEW.last_seq
        AND item_id = NEW.item_id AND location_id = NEW.location_id
        AND lot_id = NEW.lot_id AND qty = NEW.qty - OLD.qty)
BEGIN SELECT RAISE(ABORT, 'stocks are written by movements'); END;
CREATE TRIGGER stocks_are_not_deleted BEFORE DELETE ON stocks
BEGIN SELECT RAISE(ABORT, 'stocks are written by movements'); END;

CREATE TRIGGER item_totals_begin_with_the_item BEFORE INSERT ON item_totals
WHEN NEW.qty <> 0 OR NEW.value <> 0 OR NEW.last_seq <> 0
    OR EXISTS (SELECT 1 FROM item_totals WHERE item_id = NEW.item_id)
BEGIN SELECT RAISE(ABORT, 'item totals are written by movements'); END;
CREATE TRIGGER item_totals_follow_a_movement BEFORE UPDATE OF item_id, qty, value, last_seq
    ON item_totals
WHEN NEW.last_seq <= OLD.last_seq
    OR NEW.item_id <> OLD.item_id
    OR NOT EXISTS (SELECT 1 FROM movements WHERE seq = NEW.last_seq
        AND item_id = NEW.item_id AND qty = NEW.qty - OLD.qty AND value = NEW.value - OLD.value)
BEGIN SELECT RAISE(ABORT, 'item totals are written by movements'); END;
CREATE TRIGGER item_totals_keep_the_minimum BEFORE UPDATE OF min_qty ON item_totals
WHEN NEW.min_qty IS NOT (SELECT min_qty FROM items WHERE rid = NEW.item_id)
BEGIN SELECT RAISE(ABORT, 'item totals copy the minimum of the item'); END;
CREATE TRIGGER item_totals_are_not_deleted BEFORE DELETE ON item_totals
BEGIN SELECT RAISE(ABORT, 'item totals are written by movements'); END;

CREATE TRIGGER items_begin_with_a_total AFTER INSERT ON items
BEGIN
    INSERT INTO item_totals (item_id, qty, value, last_seq, min_qty)
    VALUES (NEW.rid, 0, 0, 0, NEW.min_qty);
END;
CREATE TRIGGER items_copy_the_minimum AFTER UPDATE OF min_qty ON items
WHEN NEW.min_qty IS NOT OLD.min_qty
BEGIN
    UPDATE item_totals SET min_qty = NEW.min_qty WHERE item_id = NEW.rid;
END;
-- An item is hidden, never removed: its ledger stays readable.
CREATE TRIGGER items_are_not_deleted BEFORE DELETE ON items
BEGIN SELECT RAISE(ABORT, 'items are hidden by deleted_at'); END;
CREATE TRIGGER locations_are_not_deleted BEFORE DELETE ON locations
BEGIN SELECT RAISE(ABORT, 'locations are hidden by deleted_at'); END;
