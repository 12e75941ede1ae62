-- Who stands behind what strangers are given, so that it lapses with them.

-- Who chose what confirmed people get. No reference: it may be a service account.
ALTER TABLE registration_settings ADD COLUMN chosen_by BLOB CHECK (length(chosen_by) = 16);

-- The service account that made an invitation, where no person did.
ALTER TABLE invitations ADD COLUMN invited_by_service BLOB
    REFERENCES service_accounts (id) CHECK (length(invited_by_service) = 16);

-- Where somebody registered from, so that one network does not fill the places of all.
ALTER TABLE registrations ADD COLUMN network TEXT CHECK (length(network) <= 45);
