-- How much of an app's sample data is in the file, written in the transaction that loaded it.

CREATE TABLE sample_loads (
    app TEXT PRIMARY KEY CHECK (length(app) BETWEEN 1 AND 64),
    steps_done INTEGER NOT NULL CHECK (steps_done BETWEEN 1 AND steps_total),
    steps_total INTEGER NOT NULL,
    -- The data is seen from here; the same for all of its parts, however long they take.
    told_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
