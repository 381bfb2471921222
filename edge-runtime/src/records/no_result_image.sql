-- Image files of records without a result. What intake refused is no image that anybody can look at, so that only the newest
-- few are kept, for support; and such files go first when there is no room.
--
-- It is made when the store is opened and is no step to another version of the file: the release that a deployment goes back
-- to must still open it.
CREATE TABLE IF NOT EXISTS no_result_image (
    sequence INTEGER PRIMARY KEY REFERENCES record (sequence),
    at_ms    INTEGER NOT NULL,
    -- 1: intake refused it, and it is among those that are kept; 0: the file is gone.
    kept     INTEGER NOT NULL CHECK (kept IN (0, 1))
) STRICT;
