-- What people are told of updates: who went back from one, what an offer is, and how long a feed is
-- believed.

-- Who went back from it while it was still watched.
ALTER TABLE updates ADD COLUMN taken_back_by BLOB CHECK (length(taken_back_by) = 16);
ALTER TABLE updates ADD COLUMN taken_back_as TEXT
    CHECK (taken_back_as IN ('person', 'service', 'machine', 'policy'));

-- Whether the offer lies in the bundle that was sent, and was past its time when it was taken.
ALTER TABLE update_feed ADD COLUMN offered_bundled INTEGER NOT NULL DEFAULT 0
    CHECK (offered_bundled IN (0, 1));
ALTER TABLE update_feed ADD COLUMN offered_stale INTEGER NOT NULL DEFAULT 0
    CHECK (offered_stale IN (0, 1));
-- When the first file of what was believed last runs out, and when its root does.
ALTER TABLE update_feed ADD COLUMN expires_at INTEGER;
ALTER TABLE update_feed ADD COLUMN root_expires_at INTEGER;
