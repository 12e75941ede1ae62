-- The keys the box signs access tokens of programs with.

CREATE TABLE signing_keys (
    -- Named in the head of every token it signed.
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    -- The private half, sealed for this row. NULL once it signs no more.
    sealed_seed BLOB,
    created_at INTEGER NOT NULL,
    -- From then on it only verifies, until the last token it signed is over.
    retired_at INTEGER,
    CHECK ((sealed_seed IS NULL) = (retired_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- For: one key signs at a time.
CREATE UNIQUE INDEX signing_keys_signing ON signing_keys (retired_at IS NULL)
    WHERE retired_at IS NULL;
