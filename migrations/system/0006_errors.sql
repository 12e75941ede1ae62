-- What went wrong in the program: on the box and in browsers, each kind of failure once.

CREATE TABLE error_groups (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    -- What makes two reports the same failure.
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32)
        CONSTRAINT error_groups_fingerprint_unique UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('server', 'panic', 'browser')),
    message TEXT NOT NULL CHECK (length(message) BETWEEN 1 AND 500),
    -- Verb and template of the route, or the page of the web UI; ids are left out.
    route TEXT CHECK (length(route) <= 300),
    count INTEGER NOT NULL CHECK (count >= 1),
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_request_id TEXT CHECK (length(last_request_id) <= 64),
    version TEXT NOT NULL CHECK (length(version) <= 40),
    -- The newest backtrace, stack or cause, without what looks like a value.
    sample TEXT CHECK (length(sample) <= 8192),
    resolved_at INTEGER
) STRICT, WITHOUT ROWID;
-- For: the list, newest first; dropping the oldest when there are too many.
CREATE INDEX error_groups_last ON error_groups (last_at, id);
