-- What was deleted is listed for 30 days, then forgotten where the ledger does not need it.

-- For: what was deleted, newest first; what is past its days.
CREATE INDEX items_deleted ON items (deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX locations_deleted ON locations (deleted_at, id) WHERE deleted_at IS NOT NULL;
-- For: whether an item was ever counted, and whether anything ever happened at a place.
CREATE INDEX count_entries_item ON count_entries (item_id);
CREATE INDEX count_lines_item ON count_lines (item_id);
CREATE INDEX count_entries_location ON count_entries (location_id);
CREATE INDEX count_lines_location ON count_lines (location_id);
CREATE INDEX receipt_lines_location ON receipt_lines (location_id);
CREATE INDEX locations_parent_any ON locations (parent_id);

-- An item or a place that the ledger names is hidden for good and never removed. One that was
-- deleted and never moved may go, and takes along what only it had.
DROP TRIGGER items_are_not_deleted;
CREATE TRIGGER items_are_not_deleted BEFORE DELETE ON items
WHEN OLD.deleted_at IS NULL OR EXISTS (SELECT 1 FROM movements WHERE item_id = OLD.rid)
BEGIN SELECT RAISE(ABORT, 'items are hidden by deleted_at'); END;
DROP TRIGGER locations_are_not_deleted;
CREATE TRIGGER locations_are_not_deleted BEFORE DELETE ON locations
WHEN OLD.deleted_at IS NULL OR EXISTS (SELECT 1 FROM movements WHERE location_id = OLD.rid)
BEGIN SELECT RAISE(ABORT, 'locations are hidden by deleted_at'); END;
DROP TRIGGER item_totals_are_not_deleted;
CREATE TRIGGER item_totals_are_not_deleted BEFORE DELETE ON item_totals
WHEN OLD.last_seq <> 0
    OR NOT EXISTS (SELECT 1 FROM items WHERE rid = OLD.item_id AND deleted_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'item totals are written by movements'); END;

CREATE TRIGGER items_take_along_what_is_theirs BEFORE DELETE ON items
WHEN OLD.deleted_at IS NOT NULL
BEGIN
    INSERT INTO items_fts (items_fts, rowid, item_number, name, category, supplier_skus)
    VALUES ('delete', OLD.rid, OLD.item_number, OLD.name, OLD.category, OLD.supplier_skus);
    INSERT INTO items_trigrams (items_trigrams, rowid, item_number, name)
    VALUES ('delete', OLD.rid, OLD.item_number, OLD.name);
    DELETE FROM item_barcodes WHERE item_id = OLD.rid;
    DELETE FROM item_suppliers WHERE item_id = OLD.rid;
    DELETE FROM alert_states WHERE item_id = OLD.rid;
    DELETE FROM item_totals WHERE item_id = OLD.rid;
END;
