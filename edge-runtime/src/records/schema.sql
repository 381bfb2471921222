-- Records are only ever appended. AUTOINCREMENT remembers the greatest sequence that ever was, so that a
-- newest record that was taken away is missed.
CREATE TABLE record (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    content      BLOB    NOT NULL UNIQUE CHECK (length(content) = 32),
    bytes        INTEGER NOT NULL,
    origin       TEXT    NOT NULL,
    recorded_ms  INTEGER NOT NULL,
    time_trusted INTEGER NOT NULL CHECK (time_trusted IN (0, 1)),
    model        BLOB    NOT NULL CHECK (length(model) = 32),
    threshold    REAL    NOT NULL,
    outcome      TEXT    NOT NULL,
    probability  REAL             CHECK ((probability IS NULL) = (outcome = 'no-result')),
    reasons      TEXT    NOT NULL,
    intake_us    INTEGER NOT NULL,
    screening_us INTEGER NOT NULL,
    previous     BLOB    NOT NULL CHECK (length(previous) = 32),
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER record_is_not_changed BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'records are not changed'); END;

CREATE TRIGGER record_is_not_deleted BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'records are not deleted'); END;

-- Also stops INSERT OR REPLACE, whose deletions fire no trigger.
CREATE TRIGGER record_is_appended BEFORE INSERT ON record
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM record)
  OR NEW.previous <> coalesce((SELECT hash FROM record ORDER BY sequence DESC LIMIT 1), zeroblob(32))
  OR EXISTS (SELECT 1 FROM record WHERE content = NEW.content OR hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'records are only appended, each content once'); END;

-- Bookkeeping beside the chain: what was handed to people, and which image files were given up for room.
CREATE TABLE reported (
    sequence INTEGER PRIMARY KEY REFERENCES record (sequence),
    at_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE dropped (
    sequence INTEGER PRIMARY KEY REFERENCES reported (sequence),
    at_ms    INTEGER NOT NULL
) STRICT;
