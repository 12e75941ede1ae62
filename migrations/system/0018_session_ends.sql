-- For: the clean-up, which drops sessions and tokens that ended long ago. Most have not.
CREATE INDEX auth_families_expires ON auth_families (expires_at);
CREATE INDEX auth_families_revoked ON auth_families (revoked_at) WHERE revoked_at IS NOT NULL;
