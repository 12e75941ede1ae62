-- A small picture of each picture. Its bytes lie beside the database like those of the file (blobs
-- of the set workspace), and something refers to them as long as the row of the file is there.

ALTER TABLE item_files ADD COLUMN thumbnail_sha256 BLOB CHECK (length(thumbnail_sha256) = 32);
ALTER TABLE item_files ADD COLUMN thumbnail_size_bytes INTEGER CHECK (thumbnail_size_bytes > 0);
ALTER TABLE item_files ADD COLUMN thumbnail_media_type TEXT
    CHECK (length(thumbnail_media_type) BETWEEN 1 AND 100);

-- Here and not in the program: the release before removes files as well, and knows no thumbnails.
CREATE TRIGGER item_files_let_go_of_thumbnails AFTER DELETE ON item_files
WHEN OLD.thumbnail_sha256 IS NOT NULL
BEGIN
    DELETE FROM blob_refs
    WHERE sha256 = OLD.thumbnail_sha256 AND owner_kind = 'inventory.thumbnail'
        AND owner_id = OLD.id;
    DELETE FROM blobs
    WHERE sha256 = OLD.thumbnail_sha256
        AND NOT EXISTS (SELECT 1 FROM blob_refs WHERE sha256 = OLD.thumbnail_sha256);
END;
