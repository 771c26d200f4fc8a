-- Several people at one mat: who they are, and whose each record is. NULL: nobody was named; 'guest': a guest's.

CREATE TABLE people (
  seq INTEGER PRIMARY KEY, -- the order of the menu
  id TEXT NOT NULL UNIQUE CHECK (id <> '' AND id <> 'guest'),
  name TEXT NOT NULL CHECK (name <> ''),
  weekly_goal INTEGER CHECK (weekly_goal BETWEEN 3 AND 7), -- NULL: what is set for all
  chosen INTEGER NOT NULL CHECK (chosen IN (0, 1)),
  removed INTEGER NOT NULL CHECK (removed IN (0, 1)), -- what was theirs stays in the log
  CHECK (NOT (chosen AND removed))
) STRICT;
CREATE UNIQUE INDEX one_is_chosen ON people (chosen) WHERE chosen = 1;

ALTER TABLE sessions ADD COLUMN load_kg REAL CHECK (load_kg > 0.0 AND load_kg < 1e4);
ALTER TABLE sessions ADD COLUMN person TEXT CHECK (person <> '');
ALTER TABLE ratings ADD COLUMN person TEXT CHECK (person <> '');
ALTER TABLE stops ADD COLUMN person TEXT CHECK (person <> '');

CREATE TABLE days_2 (
  day TEXT NOT NULL CHECK (day = date(day)),
  rest INTEGER NOT NULL CHECK (rest IN (0, 1)),
  snoozed INTEGER NOT NULL CHECK (snoozed IN (0, 1)),
  person TEXT CHECK (person <> '')
) STRICT;
INSERT INTO days_2 (day, rest, snoozed) SELECT day, rest, snoozed FROM days ORDER BY day;
DROP TABLE days;
ALTER TABLE days_2 RENAME TO days;
CREATE UNIQUE INDEX one_day_each ON days (day, ifnull(person, ''));

CREATE TABLE acknowledgement_2 (
  some INTEGER NOT NULL CHECK (some IN (0, 1)),
  utc REAL CHECK (abs(utc) < 1e15),
  cleared INTEGER NOT NULL CHECK (cleared IN (0, 1)),
  person TEXT CHECK (person <> '')
) STRICT;
INSERT INTO acknowledgement_2 (some, utc, cleared) SELECT some, utc, cleared FROM acknowledgement;
DROP TABLE acknowledgement;
ALTER TABLE acknowledgement_2 RENAME TO acknowledgement;
CREATE UNIQUE INDEX one_answer_each ON acknowledgement (ifnull(person, ''));

PRAGMA user_version = 2;
