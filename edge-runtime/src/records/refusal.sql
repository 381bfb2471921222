-- What was refused before there was an image to store. Nothing was screened, so it is no record and stands in no
-- chain; it is there for whoever asks later why a film has no result. The newest are kept.
--
-- It is made at the first refusal and is no step to another version of the file: the release that a deployment goes back to
-- must still open it.
CREATE TABLE IF NOT EXISTS refusal (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The newest record when it happened; 0 before the first.
    record       INTEGER NOT NULL CHECK (record >= 0),
    recorded_ms  INTEGER NOT NULL,
    time_trusted INTEGER NOT NULL CHECK (time_trusted IN (0, 1)),
    origin       TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    reason       TEXT    NOT NULL
) STRICT;
