-- People of the box that a workspace was brought from: what they did there stays readable. They
-- have no account here, or not under this id.

CREATE TABLE people_elsewhere (
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    person_id BLOB NOT NULL CHECK (length(person_id) = 16),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- Of those who belonged to it there, or wrote in it under an address.
    email TEXT CHECK (length(email) <= 254),
    -- What they were there; NULL for those who had gone.
    role TEXT CHECK (length(role) BETWEEN 1 AND 100),
    PRIMARY KEY (workspace_id, person_id)
) STRICT, WITHOUT ROWID;
-- For: what somebody is called.
CREATE INDEX people_elsewhere_person ON people_elsewhere (person_id);
