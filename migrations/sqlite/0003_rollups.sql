-- Why: a report over weeks must not read every Call. A Rollup sums up one handler's hour and merges exactly; an hour
-- whose Calls changed is dirty until it has been rolled up again.

CREATE TABLE rollups (
    handler INTEGER NOT NULL,
    hour    INTEGER NOT NULL, -- hours since the epoch, UTC
    payload BLOB    NOT NULL, -- the advisor's own encoding
    PRIMARY KEY (handler, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE dirty_hours (
    service    TEXT    NOT NULL,
    hour       INTEGER NOT NULL,
    generation INTEGER NOT NULL, -- raised by each change: a rollup pass clears only the state that it read
    PRIMARY KEY (service, hour)
) STRICT, WITHOUT ROWID;
