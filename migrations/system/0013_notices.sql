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

-- How mail leaves the box. No row: it does not.
CREATE TABLE mail_settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    host TEXT NOT NULL CHECK (length(host) BETWEEN 1 AND 253),
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    security TEXT NOT NULL CHECK (security IN ('tls', 'starttls', 'none')),
    user_name TEXT CHECK (length(user_name) <= 254),
    -- Sealed.
    password BLOB,
    sender TEXT NOT NULL CHECK (length(sender) <= 400),
    updated_at INTEGER NOT NULL,
    -- How the last attempt ended.
    last_at INTEGER,
    last_is_ok INTEGER CHECK (last_is_ok IN (0, 1)),
    last_detail TEXT CHECK (length(last_detail) <= 2000)
) STRICT;

-- Receivers of signed calls.
CREATE TABLE webhooks (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 400),
    url TEXT NOT NULL CHECK (length(url) <= 2000),
    -- Kinds of notices, with blanks between them; empty for all.
    kinds TEXT NOT NULL CHECK (length(kinds) <= 4000),
    -- NULL: of the box and of every workspace.
    workspace_id BLOB CHECK (length(workspace_id) = 16),
    may_be_private INTEGER NOT NULL CHECK (may_be_private IN (0, 1)),
    is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
    -- Sealed.
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_at INTEGER,
    last_is_ok INTEGER CHECK (last_is_ok IN (0, 1)),
    last_detail TEXT CHECK (length(last_detail) <= 2000)
) STRICT, WITHOUT ROWID;

-- What has to leave the box. A row is done when the other side confirmed it.
CREATE TABLE outbox (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    channel TEXT NOT NULL CHECK (channel IN ('mail', 'webhook')),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    -- An address, or the receiver's name.
    recipient TEXT NOT NULL CHECK (length(recipient) <= 400),
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    webhook_id BLOB REFERENCES webhooks (id) ON DELETE CASCADE,
    -- A mail is made of the notice, or of `content`.
    notice_id BLOB REFERENCES notices (id) ON DELETE CASCADE,
    -- A mail is sealed: it may hold a link that opens a door. A call is what is posted. Gone when
    -- it was sent.
    content BLOB CHECK (length(content) <= 64000),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    tries INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    -- When trying on makes no sense any more.
    give_up_at INTEGER NOT NULL,
    ended_at INTEGER,
    last_error TEXT CHECK (length(last_error) <= 2000)
) STRICT, WITHOUT ROWID;
-- For: what is due next.
CREATE INDEX outbox_due ON outbox (state, next_at);
-- For: what goes with its person, receiver or notice.
CREATE INDEX outbox_user ON outbox (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX outbox_webhook ON outbox (webhook_id) WHERE webhook_id IS NOT NULL;
CREATE INDEX outbox_notice ON outbox (notice_id) WHERE notice_id IS NOT NULL;
