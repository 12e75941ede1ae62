-- Files that lie beside the database, by what their bytes hash to. A row stands here as long as
-- something of this workspace refers to it; the bytes were on disk before the row.

CREATE TABLE blobs (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    -- What the bytes are by their first ones, not what somebody called them.
    media_type TEXT NOT NULL CHECK (length(media_type) BETWEEN 1 AND 100),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What refers to a blob: an object of any kind, by its id.
CREATE TABLE blob_refs (
    sha256 BLOB NOT NULL REFERENCES blobs (sha256),
    owner_kind TEXT NOT NULL CHECK (length(owner_kind) BETWEEN 1 AND 100),
    owner_id BLOB NOT NULL CHECK (length(owner_id) = 16),
    PRIMARY KEY (sha256, owner_kind, owner_id)
) STRICT, WITHOUT ROWID;
