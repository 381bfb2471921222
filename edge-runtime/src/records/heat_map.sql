-- Version 2. Beside the chain and not in it: a heat map decides nothing, and image and model, which the chain names,
-- give it again.
CREATE TABLE heat_map (
    sequence INTEGER PRIMARY KEY REFERENCES record (sequence),
    side     INTEGER NOT NULL CHECK (side BETWEEN 1 AND 64),
    -- float32, little endian, row by row.
    cells    BLOB    NOT NULL CHECK (length(cells) = 4 * side * side)
) STRICT;
