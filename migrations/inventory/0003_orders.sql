-- Purchase orders and what arrived of them.

CREATE TABLE purchase_orders (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT purchase_orders_id_unique UNIQUE,
    po_number TEXT NOT NULL CHECK (length(po_number) BETWEEN 1 AND 64),
    po_number_key TEXT NOT NULL CHECK (length(po_number_key) BETWEEN 1 AND 400)
        CONSTRAINT purchase_orders_po_number_key_unique UNIQUE,
    supplier_id INTEGER REFERENCES suppliers (rid),
    -- The name as it was when the order was made.
    supplier_name TEXT NOT NULL DEFAULT '' CHECK (length(supplier_name) <= 200),
    status TEXT NOT NULL DEFAULT 'draft'
        CHECK (status IN ('draft', 'submitted', 'received', 'canceled')),
    is_short INTEGER NOT NULL DEFAULT 0 CHECK (is_short IN (0, 1)),
    expected_on TEXT CHECK (expected_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    notes TEXT NOT NULL DEFAULT '' CHECK (length(notes) <= 4000),
    -- Sum of the lines, each rounded once.
    total_cost INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16),
    submitted_at INTEGER,
    closed_at INTEGER
) STRICT;
-- For: list of a status, newest first.
CREATE INDEX purchase_orders_status ON purchase_orders (status, created_at, rid);
-- For: orders of a supplier.
CREATE INDEX purchase_orders_supplier ON purchase_orders (supplier_id, created_at);

CREATE TABLE purchase_order_lines (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT purchase_order_lines_id_unique UNIQUE,
    purchase_order_id INTEGER NOT NULL REFERENCES purchase_orders (rid),
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 999),
    item_id INTEGER NOT NULL REFERENCES items (rid),
    req_qty INTEGER NOT NULL CHECK (req_qty BETWEEN 1 AND 99999999999999),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 0 AND 99999999999999),
    -- What arrived less what was reversed; written by a trigger of the ledger.
    received_qty INTEGER NOT NULL DEFAULT 0
        CHECK (received_qty BETWEEN 0 AND 99999999999999),
    pack_qty INTEGER NOT NULL DEFAULT 1000 CHECK (pack_qty BETWEEN 1 AND 999999999999),
    note TEXT NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    CONSTRAINT purchase_order_lines_purchase_order_id_position_unique
        UNIQUE (purchase_order_id, position)
) STRICT;
-- For: open orders of an item (before it is deleted, and "expected").
CREATE INDEX purchase_order_lines_item ON purchase_order_lines (item_id, purchase_order_id);

CREATE TABLE receipts (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT receipts_id_unique UNIQUE,
    purchase_order_id INTEGER NOT NULL REFERENCES purchase_orders (rid),
    -- Made by the sender: the same delivery sent twice is one receipt.
    client_op BLOB CHECK (length(client_op) = 16) CONSTRAINT receipts_client_op_unique UNIQUE,
    delivery_reference TEXT NOT NULL DEFAULT '' CHECK (length(delivery_reference) <= 200),
    received_at INTEGER NOT NULL,
    received_by BLOB CHECK (length(received_by) = 16)
) STRICT;
-- For: receipts of an order.
CREATE INDEX receipts_purchase_order ON receipts (purchase_order_id, received_at);

CREATE TABLE receipt_lines (
    rid INTEGER PRIMARY KEY,
    receipt_id INTEGER NOT NULL REFERENCES receipts (rid),
    purchase_order_line_id INTEGER NOT NULL REFERENCES purchase_order_lines (rid),
    qty INTEGER NOT NULL CHECK (qty BETWEEN 1 AND 99999999999999),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 0 AND 99999999999999),
    location_id INTEGER NOT NULL REFERENCES locations (rid),
    lot_id INTEGER NOT NULL DEFAULT 0 REFERENCES lots (rid)
) STRICT;
-- For: lines of a receipt.
CREATE INDEX receipt_lines_receipt ON receipt_lines (receipt_id);
-- For: what arrived of an order's line.
CREATE INDEX receipt_lines_purchase_order_line ON receipt_lines (purchase_order_line_id);
