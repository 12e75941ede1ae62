-- Packs: encrypted files at targets that hold blobs, each blob once for as long as a base needs it.

CREATE TABLE backup_packs (
    -- `pack-<sequence>-<time>-<number>.tar.age`, by the base it was made with.
    name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    -- Whom it is encrypted to, one a line, sorted. With other kits packs are made anew.
    recipients TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which blob lies in which pack.
CREATE TABLE backup_pack_blobs (
    pack TEXT NOT NULL REFERENCES backup_packs (name),
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (pack, workspace_id, sha256)
) STRICT, WITHOUT ROWID;

-- Which base needs which pack.
CREATE TABLE backup_pack_uses (
    backup_id BLOB NOT NULL REFERENCES backups (id) ON DELETE CASCADE,
    pack TEXT NOT NULL REFERENCES backup_packs (name),
    PRIMARY KEY (backup_id, pack)
) STRICT, WITHOUT ROWID;
-- For: whether another base needs a pack.
CREATE INDEX backup_pack_uses_pack ON backup_pack_uses (pack);

-- Where a pack lies and was proved to be whole. Where a base was found damaged its packs are not
-- relied on any more.
CREATE TABLE backup_pack_copies (
    pack TEXT NOT NULL REFERENCES backup_packs (name),
    target_id BLOB NOT NULL CHECK (length(target_id) = 16),
    state TEXT NOT NULL CHECK (state IN ('there', 'doubtful', 'gone')),
    PRIMARY KEY (pack, target_id)
) STRICT, WITHOUT ROWID;
