-- Why: reports are published at their times and looked up later: what changed is told against the last one. The key makes
-- sure that of several processes one publishes a report. What is to be sent stands beside it, so that a restart loses no
-- delivery: whoever tries one raises its attempts first, and of two who do that only one goes on. Payloads are the
-- advisor's own. Both tables are trimmed to the newest reports of each service and environment.

CREATE TABLE published_reports (
    service        TEXT    NOT NULL,
    environment    TEXT    NOT NULL, -- '' where none is declared, here and below
    at_ns          INTEGER NOT NULL, -- the time that it was due
    made_ns        INTEGER NOT NULL,
    reason         TEXT    NOT NULL, -- why it was made
    inflated_bytes INTEGER NOT NULL,
    payload        BLOB    NOT NULL, -- zstd
    PRIMARY KEY (service, environment, at_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE report_deliveries (
    service     TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    at_ns       INTEGER NOT NULL,
    target      TEXT    NOT NULL, -- name of a webhook
    state       TEXT    NOT NULL, -- waiting, delivered, given_up
    attempts    INTEGER NOT NULL, -- that were begun
    next_try_ns INTEGER NOT NULL, -- of one that is under way: when it counts as lost
    PRIMARY KEY (service, environment, at_ns, target)
) STRICT, WITHOUT ROWID;
