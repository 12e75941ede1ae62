-- Updates of the box: what was tried, who wanted it, how long each part took, how it ended.
CREATE TABLE updates (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('update', 'rollback')),
    -- A person or a service account; none: the policy, or somebody at the machine itself.
    requested_by BLOB CHECK (length(requested_by) = 16),
    requested_as TEXT NOT NULL
        CHECK (requested_as IN ('person', 'service', 'machine', 'policy')),
    requested_at INTEGER NOT NULL,
    -- The numbers that order releases; 0 where no metadata names the release.
    from_seq INTEGER NOT NULL CHECK (from_seq >= 0),
    from_version TEXT NOT NULL CHECK (length(from_version) <= 100),
    to_seq INTEGER NOT NULL CHECK (to_seq >= 0),
    to_version TEXT NOT NULL CHECK (length(to_version) <= 100),
    channel TEXT NOT NULL CHECK (length(channel) <= 32),
    severity TEXT NOT NULL CHECK (severity IN ('normal', 'security', 'critical')),
    -- JSON list of the ids of the keys that signed it.
    signers TEXT NOT NULL CHECK (length(signers) <= 4096),
    -- JSON: what was found in the rehearsal and what will be done.
    plan TEXT CHECK (length(plan) <= 262144),
    planned_at INTEGER,
    -- What the digests of the plan are made with; it leaves the box nowhere.
    salt BLOB CHECK (length(salt) = 32),
    confirmed_by BLOB CHECK (length(confirmed_by) = 16),
    confirmed_as TEXT CHECK (confirmed_as IN ('person', 'service', 'machine', 'policy')),
    confirmed_at INTEGER,
    -- SHA-256 of the plan that was confirmed.
    digest TEXT CHECK (length(digest) <= 128),
    backup_id BLOB CHECK (length(backup_id) = 16),
    outcome TEXT CHECK (outcome IN ('committed', 'rolled-back', 'failed', 'discarded')),
    reason_code TEXT CHECK (length(reason_code) <= 64),
    reason TEXT CHECK (length(reason) <= 1000),
    finished_at INTEGER,
    CHECK ((outcome IS NULL) = (finished_at IS NULL)),
    CHECK ((plan IS NULL) = (planned_at IS NULL))
) STRICT, WITHOUT ROWID;
-- One at a time.
CREATE UNIQUE INDEX updates_under_way ON updates (outcome IS NULL) WHERE outcome IS NULL;

-- The parts of an update in the order in which they began; each lasts until the next begins.
CREATE TABLE update_states (
    update_id BLOB NOT NULL REFERENCES updates (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    state TEXT NOT NULL CHECK (length(state) <= 40),
    began_at INTEGER NOT NULL,
    PRIMARY KEY (update_id, number)
) STRICT, WITHOUT ROWID;

-- What the feed said last, in one row.
CREATE TABLE update_feed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    checked_at INTEGER NOT NULL,
    -- When it last said something that could be believed; none: never.
    answered_at INTEGER,
    -- Since when it does not, and why.
    failing_since INTEGER,
    problem_code TEXT CHECK (length(problem_code) <= 64),
    problem TEXT CHECK (length(problem) <= 1000),
    offered_seq INTEGER,
    offered_version TEXT CHECK (length(offered_version) <= 100),
    offered_severity TEXT CHECK (offered_severity IN ('normal', 'security', 'critical')),
    offered_size_bytes INTEGER,
    released_at TEXT CHECK (length(released_at) <= 40),
    notes TEXT CHECK (length(notes) <= 131072),
    -- Since when this box is offered it.
    offered_at INTEGER,
    CHECK ((failing_since IS NULL) = (problem_code IS NULL))
) STRICT;
