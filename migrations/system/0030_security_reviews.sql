-- Looks at the security of the box that somebody went through and kept.

CREATE TABLE security_reviews (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    -- A person; none: somebody at the machine itself.
    reviewed_by BLOB CHECK (length(reviewed_by) = 16),
    reviewed_at INTEGER NOT NULL,
    note TEXT NOT NULL CHECK (length(note) <= 2000),
    -- JSON list of what was found, without the names of people.
    points TEXT NOT NULL CHECK (length(points) <= 65536),
    -- Who may call which route, a line each: the next review says what changed since.
    routes TEXT NOT NULL CHECK (length(routes) <= 1048576),
    good INTEGER NOT NULL CHECK (good >= 0),
    look INTEGER NOT NULL CHECK (look >= 0),
    bad INTEGER NOT NULL CHECK (bad >= 0)
) STRICT, WITHOUT ROWID;
