-- Who may register without being invited, and what they become.

CREATE TABLE registration_settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mode TEXT NOT NULL CHECK (mode IN ('closed', 'domains')),
    -- What stands behind the @ of addresses that may register, with blanks between them.
    domains TEXT NOT NULL CHECK (length(domains) <= 4000),
    -- What a confirmed person gets. No reference: a workspace may go.
    workspace_id BLOB CHECK (length(workspace_id) = 16),
    role TEXT CHECK (length(role) <= 100),
    updated_at INTEGER NOT NULL
) STRICT;

-- People who have not confirmed their address yet. A new try of the same address replaces the row.
CREATE TABLE registrations (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 400),
    email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 400),
    email_key TEXT NOT NULL CONSTRAINT registrations_email_key_unique UNIQUE,
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32)
        CONSTRAINT registrations_token_hash_unique UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
