-- Where the mat was by the settings when it was recorded: zone, and when its day began. By these a corrected clock gives
-- the day. NULL in records of older logs, which have the offset of the zone alone. Not checked: no setting may keep a
-- session from being stored.

ALTER TABLE sessions ADD COLUMN zone TEXT;
ALTER TABLE sessions ADD COLUMN day_start TEXT;
ALTER TABLE ratings ADD COLUMN zone TEXT;
ALTER TABLE ratings ADD COLUMN day_start TEXT;
ALTER TABLE stops ADD COLUMN zone TEXT;
ALTER TABLE stops ADD COLUMN day_start TEXT;

PRAGMA user_version = 7;
