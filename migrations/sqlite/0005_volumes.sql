-- Why: retention by size must know at any moment how much is kept without counting it. Whoever adds or deletes changes
-- these figures in the same transaction. Bytes are what the rows hold (blocks: payload and index; calls: rows times
-- a measured average), not pages of the file.

CREATE TABLE volumes (
    kind  TEXT    PRIMARY KEY, -- blocks, calls, rollups
    rows  INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- 28: see `INDEX_BYTES` and `CALL_BYTES` in the store crate; 8 bytes of `traces` are one trace.
INSERT INTO volumes
    SELECT 'blocks', count(*), coalesce(sum(length(payload) + length(traces) / 8 * 28), 0) FROM blocks;
INSERT INTO volumes SELECT 'calls', count(*), count(*) * 250 FROM calls;
INSERT INTO volumes SELECT 'rollups', count(*), coalesce(sum(length(payload) + 16), 0) FROM rollups;

-- Hours of which retention has deleted Calls: their Rollups are final, because rolling them up again would count only
-- what is left.
CREATE TABLE closed_hours (
    service TEXT    NOT NULL,
    hour    INTEGER NOT NULL,
    PRIMARY KEY (service, hour)
) STRICT, WITHOUT ROWID;
