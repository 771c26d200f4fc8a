-- The outbox: what is still to be told elsewhere. Nothing stands in here while no sink is configured.

CREATE TABLE sinks (
  name TEXT PRIMARY KEY NOT NULL CHECK (name <> ''),
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)), -- as the config had it when the device last started
  disabled_why TEXT CHECK (disabled_why <> ''), -- the receiver wants nothing more; NULL: it takes what comes
  asked INTEGER NOT NULL DEFAULT 0 CHECK (asked >= 0), -- how often somebody asked for another try
  not_before_utc REAL CHECK (abs(not_before_utc) < 1e15), -- what the receiver asked for
  acked INTEGER NOT NULL DEFAULT 0 CHECK (acked >= 0), -- how many it has, those included that stand here no more
  acked_utc REAL CHECK (abs(acked_utc) < 1e15) -- when it got the last one; NULL: none yet, or no clock
) STRICT;

-- One row a revision of a record and sink. The body is frozen: what is sent again is the same bytes.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of commits; a number is never used twice
  sink TEXT NOT NULL REFERENCES sinks (name),
  id TEXT NOT NULL CHECK (id <> ''),
  kind TEXT NOT NULL CHECK (kind <> ''),
  body TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'refused', 'acked')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  last_error TEXT,
  UNIQUE (sink, id)
) STRICT;
CREATE INDEX outbox_by_state ON outbox (sink, state, seq);

-- What of each record was last told to anybody, so that only a change is a revision.
CREATE TABLE revisions (
  record TEXT PRIMARY KEY NOT NULL,
  rev INTEGER NOT NULL CHECK (rev >= 1),
  digest TEXT NOT NULL
) STRICT;

-- Which revision of a record each sink was given last. What it was never given is none of its business later either.
CREATE TABLE told (
  sink TEXT NOT NULL REFERENCES sinks (name),
  record TEXT NOT NULL,
  rev INTEGER NOT NULL CHECK (rev >= 0), -- 0: it was deleted before it could be given; to be told if it comes back
  PRIMARY KEY (record, sink)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;
