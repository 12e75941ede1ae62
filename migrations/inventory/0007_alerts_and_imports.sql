-- Low-stock alerts that were raised, and files that were read but not yet taken over.

CREATE TABLE alert_states (
    item_id INTEGER NOT NULL REFERENCES items (rid),
    -- 0: over all places.
    location_id INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL CHECK (kind IN ('low', 'negative')),
    since_at INTEGER NOT NULL,
    notified_at INTEGER,
    PRIMARY KEY (item_id, location_id, kind)
) STRICT, WITHOUT ROWID;
-- For: alerts nobody was told about yet.
CREATE INDEX alert_states_pending ON alert_states (since_at) WHERE notified_at IS NULL;

CREATE TABLE import_jobs (
    rid INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16) CONSTRAINT import_jobs_id_unique UNIQUE,
    kind TEXT NOT NULL
        CHECK (kind IN ('items', 'locations', 'opening_stock', 'purchase_orders')),
    state TEXT NOT NULL DEFAULT 'previewed' CHECK (state IN ('previewed', 'committed')),
    -- What would be done, row by row: when it differs at the commit, the preview is stale.
    plan_hash BLOB NOT NULL CHECK (length(plan_hash) = 32),
    row_count INTEGER NOT NULL CHECK (row_count BETWEEN 0 AND 20000),
    error_count INTEGER NOT NULL CHECK (error_count >= 0),
    -- What the commit did, as canonical JSON.
    report_json TEXT NOT NULL DEFAULT '{}' CHECK (length(report_json) <= 1000000),
    created_at INTEGER NOT NULL,
    created_by BLOB CHECK (length(created_by) = 16),
    expires_at INTEGER NOT NULL,
    committed_at INTEGER
) STRICT;
-- For: dropping what nobody committed.
CREATE INDEX import_jobs_expires ON import_jobs (expires_at);

CREATE TABLE import_rows (
    import_job_id INTEGER NOT NULL REFERENCES import_jobs (rid) ON DELETE CASCADE,
    -- The line of the file that the row begins at, from 1.
    line INTEGER NOT NULL CHECK (line >= 1),
    -- The row's cells by column, as canonical JSON.
    cells_json TEXT NOT NULL CHECK (length(cells_json) <= 200000),
    PRIMARY KEY (import_job_id, line)
) STRICT, WITHOUT ROWID;
