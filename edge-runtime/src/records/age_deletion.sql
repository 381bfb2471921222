-- The deletion of images by age that is announced; one row, or none. Made as no_result_image is.
CREATE TABLE IF NOT EXISTS age_deletion (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    announced_ms INTEGER NOT NULL,
    -- When the day began in which so many were deleted.
    day_ms       INTEGER NOT NULL,
    deleted      INTEGER NOT NULL CHECK (deleted >= 0)
) STRICT;
