-- Version 3. What happened to the models of the board, in a chain of its own that names the records it stands between.
CREATE TABLE model_event (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    -- As the models' own list counts it; an event that is handed over twice is kept once.
    number       INTEGER NOT NULL CHECK (number >= 0),
    -- The newest record when it happened; 0 before the first.
    record       INTEGER NOT NULL CHECK (record >= 0),
    recorded_ms  INTEGER NOT NULL,
    time_trusted INTEGER NOT NULL CHECK (time_trusted IN (0, 1)),
    -- JSON.
    event        TEXT    NOT NULL,
    previous     BLOB    NOT NULL CHECK (length(previous) = 32),
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    UNIQUE (number, event)
) STRICT;

CREATE TRIGGER model_event_is_not_changed BEFORE UPDATE ON model_event
BEGIN SELECT RAISE(ABORT, 'events are not changed'); END;

CREATE TRIGGER model_event_is_not_deleted BEFORE DELETE ON model_event
BEGIN SELECT RAISE(ABORT, 'events are not deleted'); END;
