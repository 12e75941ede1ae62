-- Where things are kept: places in a tree.

CREATE TABLE locations (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT locations_id_unique UNIQUE,
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 32),
    code_key TEXT NOT NULL CHECK (length(code_key) BETWEEN 1 AND 200),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    temp_zone TEXT CHECK (temp_zone IN ('dry', 'cooler', 'freezer')),
    parent_id INTEGER REFERENCES locations (rid) CHECK (parent_id <> rid),
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16),
    updated_at INTEGER NOT NULL,
    updated_by BLOB CHECK (length(updated_by) = 16),
    deleted_at INTEGER,
    deleted_by BLOB CHECK (length(deleted_by) = 16)
) STRICT;
-- For: one place per code; the list, sorted by code.
CREATE UNIQUE INDEX locations_code_key_unique ON locations (code_key) WHERE deleted_at IS NULL;
-- For: what stands below a place.
CREATE INDEX locations_parent ON locations (parent_id) WHERE deleted_at IS NULL;
