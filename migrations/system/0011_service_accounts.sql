-- Programs that act for nobody but themselves.

CREATE TABLE service_accounts (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 400),
    -- NULL: the box's own. No reference: entries of the audit log outlive the workspace.
    workspace_id BLOB CHECK (length(workspace_id) = 16),
    -- JSON lists.
    permissions TEXT NOT NULL CHECK (length(permissions) <= 20000),
    channels TEXT NOT NULL CHECK (length(channels) <= 2000),
    allow_cidrs TEXT NOT NULL CHECK (length(allow_cidrs) <= 4000),
    -- SHA-256 of the secret. NULL: it has none.
    secret_hash BLOB CHECK (length(secret_hash) = 32),
    -- Named in its access tokens. A new one makes all of them worthless.
    family_id BLOB NOT NULL CHECK (length(family_id) = 16)
        CONSTRAINT service_accounts_family_id_unique UNIQUE,
    -- A person, or another service account.
    created_by BLOB CHECK (length(created_by) = 16),
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    -- Its name is kept for whoever reads what it did.
    deleted_at INTEGER,
    last_used_at INTEGER,
    last_used_from TEXT CHECK (length(last_used_from) <= 45)
) STRICT, WITHOUT ROWID;
-- For: the accounts of a workspace, in the order they were made.
CREATE INDEX service_accounts_workspace ON service_accounts (workspace_id, id);

-- Public halves of Ed25519 keys that an account signs its assertions with.
CREATE TABLE service_keys (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    service_id BLOB NOT NULL REFERENCES service_accounts (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 400),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    created_at INTEGER NOT NULL,
    CONSTRAINT service_keys_service_id_public_key_unique UNIQUE (service_id, public_key)
) STRICT, WITHOUT ROWID;

-- Assertions that were taken once. Kept until they would be too old anyway.
CREATE TABLE used_assertions (
    service_id BLOB NOT NULL REFERENCES service_accounts (id),
    jti_hash BLOB NOT NULL CHECK (length(jti_hash) = 32),
    expires_at INTEGER NOT NULL,
    CONSTRAINT used_assertions_unique PRIMARY KEY (service_id, jti_hash)
) STRICT, WITHOUT ROWID;
-- For: dropping those that are over.
CREATE INDEX used_assertions_expires ON used_assertions (expires_at);
