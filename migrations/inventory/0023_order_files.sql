-- Delivery notes and other files beside orders, kept like those beside items.

CREATE TABLE purchase_order_files (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT purchase_order_files_id_unique UNIQUE,
    -- Orders are never deleted, so nothing takes their files along.
    purchase_order_id INTEGER NOT NULL REFERENCES purchase_orders (rid),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    -- As whoever sent it calls it; a name in it may be taken out later.
    name TEXT NOT NULL CHECK (length(name) <= 200),
    media_type TEXT NOT NULL CHECK (length(media_type) BETWEEN 1 AND 100),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    -- The small picture of a picture, where there is one.
    thumbnail_sha256 BLOB CHECK (length(thumbnail_sha256) = 32),
    thumbnail_size_bytes INTEGER CHECK (thumbnail_size_bytes > 0),
    thumbnail_media_type TEXT CHECK (length(thumbnail_media_type) BETWEEN 1 AND 100),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16)
) STRICT;
-- For: the files of an order in the order they came.
CREATE INDEX purchase_order_files_purchase_order
    ON purchase_order_files (purchase_order_id, rid);

-- As with files of items, the small picture is let go of with the row.
CREATE TRIGGER purchase_order_files_let_go_of_thumbnails AFTER DELETE ON purchase_order_files
WHEN OLD.thumbnail_sha256 IS NOT NULL
BEGIN
    DELETE FROM blob_refs
    WHERE sha256 = OLD.thumbnail_sha256 AND owner_kind = 'inventory.thumbnail'
        AND owner_id = OLD.id;
    DELETE FROM blobs
    WHERE sha256 = OLD.thumbnail_sha256
        AND NOT EXISTS (SELECT 1 FROM blob_refs WHERE sha256 = OLD.thumbnail_sha256);
END;
