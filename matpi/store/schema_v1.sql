-- The session log, version 1. Each further schema_vN.sql brings N-1 to N; all that are due run in one transaction.
-- Times: *_mono seconds of one boot's monotonic clock, *_utc Unix seconds, *_s seconds, day ISO text.
-- abs(x) < 1e15 keeps infinity out, which JSON cannot carry. STRICT needs SQLite 3.37; Debian 12 has 3.40.

CREATE TABLE sessions (
  seq INTEGER PRIMARY KEY, -- the order of arrival; the wall clock may be unknown
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  boot_id TEXT NOT NULL,
  start_mono REAL NOT NULL CHECK (abs(start_mono) < 1e15),
  start_utc REAL CHECK (abs(start_utc) < 1e15),
  utc_offset_s INTEGER CHECK (abs(utc_offset_s) < 86400),
  day TEXT CHECK (day = date(day)),
  span_s REAL NOT NULL CHECK (span_s < 1e15),
  on_mat_s REAL NOT NULL,
  reason TEXT CHECK (reason IN ('left', 'cap', 'object', 'sensor_lost', 'power_lost', 'discarded')), -- NULL: open
  aways INTEGER NOT NULL CHECK (aways >= 0),
  routine TEXT NOT NULL,
  edited INTEGER NOT NULL CHECK (edited IN (0, 1)),
  deleted_utc REAL CHECK (abs(deleted_utc) < 1e15), -- NULL with a deleted_why: the clock was not trusted
  deleted_why TEXT CHECK (deleted_why <> ''), -- NULL: not deleted
  CHECK (on_mat_s >= 0.0 AND on_mat_s <= span_s + 1e-6),
  CHECK (deleted_utc IS NULL OR deleted_why IS NOT NULL),
  CHECK (deleted_why IS NULL OR reason IS NOT NULL)
) STRICT;

-- One row a changed field; before and after are the text of the value as the export writes it, NULL: unset.
CREATE TABLE session_edits (
  session_id TEXT NOT NULL REFERENCES sessions (id),
  n INTEGER NOT NULL CHECK (n >= 1),
  edited_utc REAL CHECK (abs(edited_utc) < 1e15),
  field TEXT NOT NULL CHECK (field <> ''),
  before TEXT,
  after TEXT,
  PRIMARY KEY (session_id, n)
) STRICT;

-- session_id is no foreign key: a rating outlives a session that was dropped, and may be stored before it.
CREATE TABLE ratings (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  boot_id TEXT NOT NULL,
  mono REAL NOT NULL CHECK (abs(mono) < 1e15),
  utc REAL CHECK (abs(utc) < 1e15),
  utc_offset_s INTEGER CHECK (abs(utc_offset_s) < 86400),
  day TEXT CHECK (day = date(day)),
  value INTEGER NOT NULL CHECK (value BETWEEN 1 AND 10),
  moment TEXT NOT NULL CHECK (moment IN ('before', 'after', 'day')),
  session_id TEXT CHECK (session_id <> '')
) STRICT;

CREATE TABLE stops (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (id <> ''),
  boot_id TEXT NOT NULL,
  mono REAL NOT NULL CHECK (abs(mono) < 1e15),
  utc REAL CHECK (abs(utc) < 1e15),
  utc_offset_s INTEGER CHECK (abs(utc_offset_s) < 86400),
  day TEXT CHECK (day = date(day)),
  session_id TEXT CHECK (session_id <> '')
) STRICT;

CREATE TABLE days (
  day TEXT PRIMARY KEY NOT NULL CHECK (day = date(day)),
  rest INTEGER NOT NULL CHECK (rest IN (0, 1)),
  snoozed INTEGER NOT NULL CHECK (snoozed IN (0, 1))
) STRICT;

CREATE TABLE zero (
  which TEXT PRIMARY KEY NOT NULL CHECK (which IN ('current', 'before')), -- before: what an undo brings back
  kg_1 REAL NOT NULL CHECK (abs(kg_1) < 1e15),
  kg_2 REAL CHECK (abs(kg_2) < 1e15),
  kg_3 REAL CHECK (abs(kg_3) < 1e15) CHECK (kg_3 IS NULL OR kg_2 IS NOT NULL),
  kg_4 REAL CHECK (abs(kg_4) < 1e15) CHECK (kg_4 IS NULL OR kg_3 IS NOT NULL),
  by_hand INTEGER NOT NULL CHECK (by_hand IN (0, 1)),
  noise_kg REAL CHECK (abs(noise_kg) < 1e15),
  anchor_kg REAL CHECK (abs(anchor_kg) < 1e15)
) STRICT;

CREATE TABLE calibration (
  channel INTEGER PRIMARY KEY CHECK (channel BETWEEN 1 AND 4),
  reference_counts INTEGER NOT NULL,
  counts_per_kg REAL NOT NULL CHECK (counts_per_kg <> 0.0 AND abs(counts_per_kg) < 1e15),
  approximate INTEGER NOT NULL CHECK (approximate IN (0, 1))
) STRICT;

CREATE TABLE acknowledgement (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  some INTEGER NOT NULL CHECK (some IN (0, 1)),
  utc REAL CHECK (abs(utc) < 1e15),
  cleared INTEGER NOT NULL CHECK (cleared IN (0, 1))
) STRICT;

CREATE TABLE settings (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE diagnostics (
  kind TEXT PRIMARY KEY NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 1),
  last_text TEXT NOT NULL
) STRICT;

PRAGMA application_id = 1835103344; -- "matp"
PRAGMA user_version = 1;
