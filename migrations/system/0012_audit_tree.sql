-- The Merkle tree over the audit log (RFC 6962) and what was said about it.

-- Hashes of complete subtrees: the 2^level entries from position * 2^level on. Level 0 are the
-- entries themselves.
CREATE TABLE audit_nodes (
    level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 63),
    position INTEGER NOT NULL CHECK (position >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_nodes_are_not_changed BEFORE UPDATE ON audit_nodes
BEGIN SELECT RAISE(ABORT, 'nodes of the audit tree are not changed'); END;
CREATE TRIGGER audit_nodes_are_not_deleted BEFORE DELETE ON audit_nodes
BEGIN SELECT RAISE(ABORT, 'nodes of the audit tree are not deleted'); END;

-- Signed statements: after so many entries the root was this.
CREATE TABLE audit_checkpoints (
    size INTEGER PRIMARY KEY CHECK (size > 0),
    at INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    signature BLOB NOT NULL CHECK (length(signature) = 64)
) STRICT;

CREATE TRIGGER audit_checkpoints_are_not_changed BEFORE UPDATE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are not changed'); END;

-- What the box signs checkpoints with. The newest key signs; older ones stay known.
CREATE TABLE audit_keys (
    public_key BLOB PRIMARY KEY CHECK (length(public_key) = 32),
    -- The box's id, which names every log of it.
    box_id BLOB NOT NULL CHECK (length(box_id) = 16),
    sealed_seed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
