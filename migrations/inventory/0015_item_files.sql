-- Pictures and documents of items. The bytes lie beside the database (blobs of the set workspace).

CREATE TABLE item_files (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT item_files_id_unique UNIQUE,
    item_id INTEGER NOT NULL REFERENCES items (rid),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    -- As whoever sent it calls it; a name in it may be taken out later.
    name TEXT NOT NULL CHECK (length(name) <= 200),
    media_type TEXT NOT NULL CHECK (length(media_type) BETWEEN 1 AND 100),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16)
) STRICT;
-- For: the files of an item in the order they came.
CREATE INDEX item_files_item ON item_files (item_id, rid);
