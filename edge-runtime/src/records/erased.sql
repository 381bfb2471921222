-- Which records had their image and heat map erased because somebody asked for it. It is made at the first erasure and is no
-- step to another version of the file, as with refusals.
CREATE TABLE IF NOT EXISTS erased (
    sequence     INTEGER PRIMARY KEY REFERENCES record (sequence),
    at_ms        INTEGER NOT NULL,
    time_trusted INTEGER NOT NULL CHECK (time_trusted IN (0, 1))
) STRICT;

CREATE TRIGGER IF NOT EXISTS erased_is_not_changed BEFORE UPDATE ON erased
BEGIN SELECT RAISE(ABORT, 'erasures are not changed'); END;

CREATE TRIGGER IF NOT EXISTS erased_is_not_deleted BEFORE DELETE ON erased
BEGIN SELECT RAISE(ABORT, 'erasures are not deleted'); END;
