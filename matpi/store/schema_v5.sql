-- Whether a session is the person's own: why it may not be, and the answer to "Was that you?". Both are NULL in
-- sessions of older logs, which count as they did.

ALTER TABLE sessions ADD COLUMN doubt TEXT CHECK (doubt IN ('thing', 'light', 'one_end', 'unusual', 'unknown'));
ALTER TABLE sessions ADD COLUMN yours INTEGER CHECK (yours IN (0, 1));

-- 1: the date is estimated, for the wall clock was not trusted; it is corrected when a clock is known.
ALTER TABLE sessions ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0 CHECK (estimated IN (0, 1));
ALTER TABLE ratings ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0 CHECK (estimated IN (0, 1));
ALTER TABLE stops ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0 CHECK (estimated IN (0, 1));

-- The noise of the empty mat is no longer learnt: stillness has a fixed limit.
ALTER TABLE zero DROP COLUMN noise_kg;

PRAGMA user_version = 5;
