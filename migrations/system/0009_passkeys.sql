-- Passkeys: keys that a person's devices keep and prove to have. Only public parts are here.

CREATE TABLE passkeys (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    -- The host it was made for; it works nowhere else.
    rp_id TEXT NOT NULL,
    -- What the device calls it. At most 1023 bytes (WebAuthn, 4 "Credential ID").
    credential_id BLOB NOT NULL CHECK (length(credential_id) BETWEEN 1 AND 1023)
        CONSTRAINT passkeys_credential_id_unique UNIQUE,
    -- Its public key and what was found out about it, as JSON.
    credential BLOB NOT NULL,
    -- How often the device says it was used. It only rises; devices that do not count say 0.
    sign_count INTEGER NOT NULL CHECK (sign_count >= 0),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    -- When its count went back, so that there seems to be a copy of it. It opens nothing any more.
    stopped_at INTEGER
) STRICT, WITHOUT ROWID;

-- A person's passkeys: their list, and whether they have one.
CREATE INDEX passkeys_user_id ON passkeys (user_id);
