-- The second factor: since when somebody needs one, what they have of it, how fresh a sign-in is,
-- and the way back when everything is lost.

-- When the person was made an operator. NULL: before this was noted.
ALTER TABLE users ADD COLUMN operator_since INTEGER;
-- When the person got this role; from owner to admin and back it stays.
ALTER TABLE memberships ADD COLUMN role_since INTEGER;
-- Whoever needs a second factor from this release on has seven days from now, not from long ago.
UPDATE users SET operator_since = max(created_at, CAST(unixepoch() || '000' AS INTEGER))
WHERE is_operator = 1;
UPDATE memberships SET role_since = max(created_at, CAST(unixepoch() || '000' AS INTEGER));
-- Up to when a browser session may do what needs a fresh factor.
ALTER TABLE auth_families ADD COLUMN elevated_until INTEGER;

-- The secret that a person's authenticator app computes codes from.
CREATE TABLE totp_secrets (
    user_id BLOB PRIMARY KEY REFERENCES users (id),
    -- Sealed for this person.
    secret BLOB NOT NULL,
    -- The newest time step whose code was used. Neither it nor an older one is taken again.
    last_step INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A secret that was shown and not confirmed by a code yet. A new one replaces it.
CREATE TABLE totp_enrolments (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) CONSTRAINT totp_enrolments_user_id_unique UNIQUE,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Codes on paper, each good once. A new set replaces all.
CREATE TABLE backup_codes (
    user_id BLOB NOT NULL REFERENCES users (id),
    -- What the code begins with, so that one hash is compared and not ten.
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 9),
    -- SHA-256 of the code, sealed for this person and number.
    code_hash BLOB NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (user_id, number)
) STRICT, WITHOUT ROWID;

-- Whose factors were dropped after a loss: from then on they can only enrol again.
CREATE TABLE factor_losses (
    user_id BLOB PRIMARY KEY REFERENCES users (id),
    lost_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Somebody with the right password and no factor asks for a way in. One at a time for each person;
-- whatever ends it deletes the row.
CREATE TABLE mfa_requests (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) CONSTRAINT mfa_requests_user_id_unique UNIQUE,
    address TEXT,
    asked_at INTEGER NOT NULL,
    -- From then on, for a day, the next sign-in needs no factor.
    approved_at INTEGER
) STRICT, WITHOUT ROWID;
