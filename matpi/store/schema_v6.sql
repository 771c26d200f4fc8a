-- The answer to "Looser?" after a session. session_id is no foreign key, as in ratings.

CREATE TABLE looser (
  seq INTEGER PRIMARY KEY,
  session_id TEXT NOT NULL UNIQUE CHECK (session_id <> ''),
  looser INTEGER NOT NULL CHECK (looser IN (0, 1))
) STRICT;

PRAGMA user_version = 6;
