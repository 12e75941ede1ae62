-- What operators decide about schedules, and about how long backups are kept.

-- Schedules that are not as the program brings them.
CREATE TABLE job_settings (
    kind TEXT PRIMARY KEY CHECK (length(kind) BETWEEN 1 AND 100),
    -- None: as the program brings it.
    cron TEXT CHECK (length(cron) <= 100),
    is_on INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How many backups are kept, at most one for each day, week, month and year, and in any case so
-- many that were verified.
CREATE TABLE backup_retention (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    daily INTEGER NOT NULL CHECK (daily BETWEEN 0 AND 1000),
    weekly INTEGER NOT NULL CHECK (weekly BETWEEN 0 AND 1000),
    monthly INTEGER NOT NULL CHECK (monthly BETWEEN 0 AND 1000),
    yearly INTEGER NOT NULL CHECK (yearly BETWEEN 0 AND 1000),
    verified_min INTEGER NOT NULL CHECK (verified_min BETWEEN 1 AND 1000)
) STRICT;
INSERT INTO backup_retention (one, daily, weekly, monthly, yearly, verified_min)
VALUES (1, 7, 4, 12, 2, 3);
