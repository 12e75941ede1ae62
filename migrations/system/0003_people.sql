-- How people come in and come back: invitations, reset links, and memberships that can be changed.

-- A waiting or expired invitation. Whatever ends it deletes the row: a link works once.
CREATE TABLE invitations (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 400),
    -- As in users: what makes an address the same address.
    email_key TEXT NOT NULL,
    role TEXT NOT NULL
        CHECK (role IN ('owner', 'admin', 'manager', 'counter', 'analyst', 'member', 'viewer')),
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32)
        CONSTRAINT invitations_token_hash_unique UNIQUE,
    invited_by BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT invitations_workspace_id_email_key_unique UNIQUE (workspace_id, email_key)
) STRICT, WITHOUT ROWID;
-- For: the invitations of a workspace.
CREATE INDEX invitations_workspace ON invitations (workspace_id, id);

-- The link that lets a person choose a new password. A new one replaces the row.
CREATE TABLE password_resets (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE
        CONSTRAINT password_resets_user_id_unique UNIQUE,
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32)
        CONSTRAINT password_resets_token_hash_unique UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Two people must not change one membership past each other.
ALTER TABLE memberships ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
