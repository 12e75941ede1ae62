-- What people wrote beside a movement or a count may be taken out of it when their data is erased.
-- Nothing else of the row can change, and what is taken out goes from the search for good.

-- Deleted words leave the index at once instead of being crossed out.
INSERT INTO movements_fts (movements_fts, rank) VALUES ('secure-delete', 1);

DROP TRIGGER movements_are_not_changed;
CREATE TRIGGER movements_are_not_changed BEFORE UPDATE OF
    seq, id, type, item_id, location_id, lot_id, qty, unit_cost, value, effective_at, posted_at,
    posted_by, reason_code, transfer_id, receipt_line_id, count_line_id, reverses_seq, client_op
    ON movements
BEGIN SELECT RAISE(ABORT, 'movements are not changed'); END;
-- A text can be emptied or have a name taken out, and nothing can be added to it.
CREATE TRIGGER movements_texts_only_shrink BEFORE UPDATE OF
    note, reference, override_reason, device ON movements
WHEN length(NEW.note) > length(OLD.note) OR length(NEW.reference) > length(OLD.reference)
    OR (NEW.override_reason IS NOT NULL
        AND length(NEW.override_reason) > coalesce(length(OLD.override_reason), 0))
    OR (NEW.device IS NOT NULL AND length(NEW.device) > coalesce(length(OLD.device), 0))
BEGIN SELECT RAISE(ABORT, 'movements are not changed'); END;

CREATE TRIGGER movements_words_are_indexed AFTER UPDATE OF note, reference ON movements
WHEN NEW.note <> OLD.note OR NEW.reference <> OLD.reference
BEGIN
    INSERT INTO movements_fts (movements_fts, rowid, reference, note)
    VALUES ('delete', OLD.seq, OLD.reference, OLD.note);
    INSERT INTO movements_fts (rowid, reference, note)
    SELECT NEW.seq, NEW.reference, NEW.note WHERE NEW.reference <> '' OR NEW.note <> '';
END;

DROP TRIGGER count_entries_are_not_changed;
CREATE TRIGGER count_entries_are_not_changed BEFORE UPDATE OF
    rid, client_op, count_session_id, item_id, location_id, lot_id, unknown_code, qty, mode,
    seen_seq, counted_by, counted_at, received_at
    ON count_entries
BEGIN SELECT RAISE(ABORT, 'count entries are not changed'); END;
CREATE TRIGGER count_entries_texts_only_shrink BEFORE UPDATE OF device ON count_entries
WHEN length(NEW.device) > length(OLD.device)
BEGIN SELECT RAISE(ABORT, 'count entries are not changed'); END;
