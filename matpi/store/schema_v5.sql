-- Whether a session is the person's own: why it may not be, and the answer to "Was that you?". Both are NULL in
-- sessions of older logs, which count as they did.

ALTER TABLE sessions ADD COLUMN doubt TEXT CHECK (doubt IN ('thing', 'light', 'one_end', 'unusual', 'unknown'));
ALTER TABLE sessions ADD COLUMN yours INTEGER CHECK (yours IN (0, 1));

-- The noise of the empty mat, a channel. What noise_kg held is another statistic and is learnt again.
ALTER TABLE zero DROP COLUMN noise_kg;
ALTER TABLE zero ADD COLUMN noise_1 REAL CHECK (noise_1 >= 0.0 AND noise_1 < 1e15);
ALTER TABLE zero ADD COLUMN noise_2 REAL CHECK (noise_2 >= 0.0 AND noise_2 < 1e15);
ALTER TABLE zero ADD COLUMN noise_3 REAL CHECK (noise_3 >= 0.0 AND noise_3 < 1e15);
ALTER TABLE zero ADD COLUMN noise_4 REAL CHECK (noise_4 >= 0.0 AND noise_4 < 1e15);

PRAGMA user_version = 5;
