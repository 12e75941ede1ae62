-- What every workspace file has besides its apps' tables.

-- The file's own id: it must equal the id it is opened for.
CREATE TABLE workspace_file (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    workspace_id BLOB NOT NULL CHECK (length(workspace_id) = 16),
    created_at INTEGER NOT NULL
) STRICT;

-- The audit log of this file: append-only, each entry chained to the one before it.

CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    log_id BLOB NOT NULL CHECK (length(log_id) = 16),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_entries (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor_kind TEXT NOT NULL
        CHECK (actor_kind IN ('user', 'token', 'service', 'system', 'stranger', 'cli')),
    actor_id BLOB,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id BLOB,
    object_version INTEGER,
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'refused')),
    request_id TEXT,
    -- Canonical JSON objects: what changed, and commitments to the personal values.
    changes TEXT NOT NULL,
    personal TEXT NOT NULL,
    prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
-- For: what one object went through.
CREATE INDEX audit_entries_object ON audit_entries (object_id, seq);
-- For: what one person did.
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, seq);

-- What the commitments stand for. Deleting a row erases the values; the chain stays valid.
CREATE TABLE audit_personal (
    seq INTEGER PRIMARY KEY,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    personal_values TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_entries_are_not_changed BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'audit entries are not changed'); END;
CREATE TRIGGER audit_entries_are_not_deleted BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'audit entries are not deleted'); END;

-- What a repeated POST with the same Idempotency-Key made the first time. Kept 24 hours.
CREATE TABLE idempotency_keys (
    principal_id BLOB NOT NULL,
    path TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    object_id BLOB NOT NULL CHECK (length(object_id) = 16),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (principal_id, path, idempotency_key)
) STRICT, WITHOUT ROWID;
-- For: dropping what is older than a day.
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
