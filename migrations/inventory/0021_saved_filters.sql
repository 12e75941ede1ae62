-- Filters of the items list that people saved for themselves.

CREATE TABLE saved_filters (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT saved_filters_id_unique UNIQUE,
    -- Whose it is: nobody else reads or changes it.
    person_id BLOB NOT NULL CHECK (length(person_id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    -- Normalised and lower-cased: what makes two names the same one.
    name_key TEXT NOT NULL CHECK (length(name_key) BETWEEN 1 AND 1600),
    search TEXT NOT NULL DEFAULT '' CHECK (length(search) <= 200),
    category TEXT CHECK (length(category) BETWEEN 1 AND 100),
    -- A place's `id`, and no reference to it: a place may be forgotten while a filter names it.
    location_uuid BLOB CHECK (length(location_uuid) = 16),
    is_low INTEGER NOT NULL DEFAULT 0 CHECK (is_low IN (0, 1)),
    -- As the list of items is asked for it, like `-on_hand`. Null: as the list goes by itself.
    sort TEXT CHECK (length(sort) BETWEEN 1 AND 40),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- For: one filter of a person per name; a person's filters by name.
    CONSTRAINT saved_filters_person_name_unique UNIQUE (person_id, name_key)
) STRICT;
