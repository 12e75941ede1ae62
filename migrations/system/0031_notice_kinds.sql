-- For: whether the same was told lately, which is asked every minute.
CREATE INDEX notices_kind ON notices (kind, created_at);
