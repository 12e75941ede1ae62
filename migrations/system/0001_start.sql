-- The box: its settings, its people, their sessions, the workspaces and who belongs to them.

CREATE TABLE box_settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    box_id BLOB NOT NULL CHECK (length(box_id) = 16),
    name TEXT NOT NULL CHECK (length(name) <= 400),
    claimed_at INTEGER,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

-- The one-time link of an unclaimed box. A new link replaces the row, so the old one dies.
CREATE TABLE setup_tokens (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- 1 when somebody asked for it at the command line: then a restart lets it live.
    is_asked_for INTEGER NOT NULL CHECK (is_asked_for IN (0, 1))
) STRICT;

CREATE TABLE users (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT users_id_unique UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 400),
    email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 400),
    -- Lower-cased and normalised: what makes an address the same address.
    email_key TEXT NOT NULL CONSTRAINT users_email_key_unique UNIQUE,
    password_hash TEXT NOT NULL,
    password_changed_at INTEGER NOT NULL,
    is_operator INTEGER NOT NULL CHECK (is_operator IN (0, 1)),
    language TEXT NOT NULL DEFAULT 'en' CHECK (length(language) <= 35),
    theme TEXT NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
    disabled_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- One sign-in of a browser or a program, or one personal token: what is listed and revoked as a
-- whole.
CREATE TABLE auth_families (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('session', 'token', 'program')),
    name TEXT NOT NULL DEFAULT '',
    -- A personal token may be narrowed to one workspace and to some permissions (JSON list).
    workspace_id BLOB,
    permissions TEXT,
    address TEXT,
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_reason TEXT,
    -- The newest serial that was presented, and when that happened first.
    presented_serial INTEGER NOT NULL DEFAULT 1,
    presented_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- For: sessions and tokens of a person.
CREATE INDEX auth_families_user ON auth_families (user_id, created_at);

CREATE TABLE auth_tokens (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    family_id BLOB NOT NULL REFERENCES auth_families (id) ON DELETE CASCADE,
    -- Counts the values minted for the family; a higher one replaces a lower one.
    serial INTEGER NOT NULL,
    minted_at INTEGER NOT NULL,
    CONSTRAINT auth_tokens_family_serial_unique UNIQUE (family_id, serial)
) STRICT, WITHOUT ROWID;

-- Browsers a person has signed in with before: wrong tries by strangers do not delay these.
CREATE TABLE known_devices (
    user_id BLOB NOT NULL REFERENCES users (id),
    device_hash BLOB NOT NULL CHECK (length(device_hash) = 32),
    used_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE workspaces (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 400),
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    locale TEXT NOT NULL,
    week_start INTEGER NOT NULL CHECK (week_start BETWEEN 1 AND 7),
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE memberships (
    user_id BLOB NOT NULL REFERENCES users (id),
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    role TEXT NOT NULL
        CHECK (role IN ('owner', 'admin', 'manager', 'counter', 'analyst', 'member', 'viewer')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, workspace_id)
) STRICT, WITHOUT ROWID;
-- For: the members of a workspace.
CREATE INDEX memberships_workspace ON memberships (workspace_id, user_id);
