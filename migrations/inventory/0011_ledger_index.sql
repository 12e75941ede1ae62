-- The self-check adds the whole ledger up by item, worth and transfers included. Read from the
-- table, each entry would be a page of its own; here they lie side by side.

DROP INDEX movements_item;
-- For: an item's history with its running balance, stock at a moment, the lowest balance after a
-- moment, and the self-check, each without touching the table.
CREATE INDEX movements_item ON movements (
    item_id, effective_at, seq, location_id, lot_id, qty, value, transfer_id
);
