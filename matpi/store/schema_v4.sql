-- A day is judged by the answer to the safety pages that was in force then: when a doctor agreed, and from when
-- until when earlier answers kept sessions short, [[from, until], ...] in UTC, null: nobody knows.

ALTER TABLE acknowledgement ADD COLUMN cleared_utc REAL CHECK (abs(cleared_utc) < 1e15);
ALTER TABLE acknowledgement ADD COLUMN earlier TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(earlier));
ALTER TABLE acknowledgement ADD COLUMN asked_again INTEGER NOT NULL DEFAULT 0 CHECK (asked_again IN (0, 1));

-- So far clearing took the place of the answer's own date.
UPDATE acknowledgement SET cleared_utc = utc, utc = NULL WHERE some = 1 AND cleared = 1;

PRAGMA user_version = 4;
