-- What people are told, in their bell and by mail.

CREATE TABLE notices (
    -- Never used twice, so that whoever tells live windows knows what is new.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT notices_id_unique UNIQUE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- No reference: what was told outlives the workspace.
    workspace_id BLOB CHECK (length(workspace_id) = 16),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    -- JSON: what stands in the gaps of the kind's sentences.
    params TEXT NOT NULL CHECK (length(params) <= 4000),
    -- A page of the web UI.
    link TEXT CHECK (length(link) <= 300),
    created_at INTEGER NOT NULL,
    read_at INTEGER
) STRICT;
-- For: a person's bell, newest first, and what of it is unread.
CREATE INDEX notices_user ON notices (user_id, seq);
CREATE INDEX notices_unread ON notices (user_id) WHERE read_at IS NULL;
-- For: dropping what is old.
CREATE INDEX notices_created ON notices (created_at);

-- How a person wants to be told besides the bell; nobody has to have a row.
CREATE TABLE notice_settings (
    user_id BLOB PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    email TEXT NOT NULL CHECK (email IN ('off', 'each', 'digest')),
    -- Minutes after midnight.
    digest_at INTEGER NOT NULL CHECK (digest_at BETWEEN 0 AND 1439),
    -- What came later stands in the next digest.
    digested_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Kinds that a person chose other than they come.
CREATE TABLE notice_choices (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    is_wanted INTEGER NOT NULL CHECK (is_wanted IN (0, 1)),
    PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;
