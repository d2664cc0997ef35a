-- Why: who called and what an answer was is judged by more than before: how its body was written, under which address a
-- session's key was seen, and what `'use cache'` functions found. Rows from before know none of it: unknown is NULL.

ALTER TABLE calls ADD COLUMN writes           INTEGER;  -- writes to the response's body
ALTER TABLE calls ADD COLUMN body_ns          INTEGER;  -- from the first of them to the last
ALTER TABLE calls ADD COLUMN network          INTEGER;  -- key of address and user agent
ALTER TABLE calls ADD COLUMN use_cache_hits   INTEGER;
ALTER TABLE calls ADD COLUMN use_cache_misses INTEGER;
ALTER TABLE calls ADD COLUMN use_cache_fills  INTEGER;

-- Rollups count more than before, so those whose Calls are still there are counted again.
INSERT INTO dirty_hours
    SELECT DISTINCT handlers.service, rollups.hour, 1
    FROM rollups JOIN handlers ON handlers.fingerprint = rollups.handler
    WHERE (handlers.service, rollups.hour) NOT IN (SELECT service, hour FROM closed_hours)
    ON CONFLICT DO UPDATE SET generation = generation + 1;
