-- Why: evidence tells a handler's own code from its database and its outgoing requests, and which build of the app knew
-- which action. Rows from before know neither: unknown is NULL, and a build that is not told is ''.

ALTER TABLE calls ADD COLUMN database_ns INTEGER;  -- covered by child spans of database calls
ALTER TABLE calls ADD COLUMN outgoing_ns INTEGER;  -- covered by child spans of outgoing requests
ALTER TABLE calls ADD COLUMN child_ns    INTEGER;  -- covered by either

ALTER TABLE app_facts RENAME TO app_facts_without_build;

CREATE TABLE app_facts (
    service       TEXT NOT NULL,
    environment   TEXT NOT NULL,      -- '' where none is declared
    build         TEXT NOT NULL,      -- build or deployment id under which it was seen; '' where none is told
    name          TEXT NOT NULL,
    value         TEXT NOT NULL,
    first_seen_ns INTEGER NOT NULL,
    last_seen_ns  INTEGER NOT NULL,
    PRIMARY KEY (service, environment, name, value, build)
) STRICT, WITHOUT ROWID;

INSERT INTO app_facts SELECT service, environment, '', name, value, first_seen_ns, last_seen_ns FROM app_facts_without_build;
DROP TABLE app_facts_without_build;

-- Rollups count more than before, so all of them are counted anew from the Calls there are.
INSERT INTO dirty_hours
    SELECT DISTINCT handlers.service, rollups.hour, 1
    FROM rollups JOIN handlers ON handlers.fingerprint = rollups.handler
    WHERE true
    ON CONFLICT DO UPDATE SET generation = generation + 1;
DELETE FROM rollups;
UPDATE volumes SET rows = 0, bytes = 0 WHERE kind = 'rollups';
