-- Finding entries of the audit log.

-- For: entries of one action or a family of them; the last verification.
CREATE INDEX audit_entries_action ON audit_entries (action, seq);
-- For: what was refused.
CREATE INDEX audit_entries_refused ON audit_entries (seq) WHERE outcome = 'refused';
