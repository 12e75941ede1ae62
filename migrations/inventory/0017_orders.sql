-- How a workspace orders, and what orders, receipts and suppliers are found by.

CREATE TABLE order_settings (
    -- There is one row, or none as long as nothing was set.
    rid INTEGER PRIMARY KEY CHECK (rid = 1),
    -- How much more than ordered may come, in thousandths of a percent of a line.
    over_receipt INTEGER NOT NULL DEFAULT 0 CHECK (over_receipt BETWEEN 0 AND 100000),
    -- The last number that was given to an order that came without one.
    last_number INTEGER NOT NULL DEFAULT 0 CHECK (last_number BETWEEN 0 AND 999999999),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1)
) STRICT;

-- What a receipt was asked for with: the same operation with other words is no repetition.
ALTER TABLE receipts ADD COLUMN request_hash BLOB CHECK (length(request_hash) = 32);

-- For: all orders, newest first.
CREATE INDEX purchase_orders_created ON purchase_orders (created_at, rid);
-- For: deleted suppliers, newest first; those past their days.
CREATE INDEX suppliers_deleted ON suppliers (deleted_at, id) WHERE deleted_at IS NOT NULL;
