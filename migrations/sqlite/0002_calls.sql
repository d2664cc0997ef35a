-- Why: a Call is the fact that judgements rest on; a person must be able to read it with the sqlite3 shell.
-- Unknown is NULL, never 0. Keys begin with the handler's fingerprint, as a distributed backend will need.

CREATE TABLE handlers (
    fingerprint INTEGER PRIMARY KEY, -- 64-bit hash of the identity below
    service     TEXT NOT NULL,
    environment TEXT,
    kind        TEXT NOT NULL,
    route       TEXT NOT NULL,       -- of an action: the page it was first seen on
    method      TEXT NOT NULL,
    action_form TEXT,                -- export, id, unnamed, not_found; NULL unless a server action
    action_file TEXT,
    action_name TEXT                 -- exported name, or the id where no name is known
) STRICT;

CREATE INDEX handlers_by_service ON handlers (service);

CREATE TABLE calls (
    handler         INTEGER NOT NULL,
    start_ns        INTEGER NOT NULL,
    trace           BLOB    NOT NULL,
    span            BLOB    NOT NULL,
    duration_ns     INTEGER NOT NULL,
    route           TEXT,             -- of an action: the page of this very call
    method          TEXT    NOT NULL,
    status          INTEGER,
    form            TEXT    NOT NULL,
    caller          TEXT    NOT NULL,
    agent           TEXT,
    client          INTEGER,
    instance        INTEGER,
    path            TEXT,
    page            TEXT,
    request_bytes   INTEGER,
    response_bytes  INTEGER,
    request_key     INTEGER,
    response_hash   INTEGER,
    media_type      TEXT,
    signature       TEXT,
    origin          TEXT,
    first_byte_ns   INTEGER,
    self_fetches    INTEGER NOT NULL,
    self_fetch_overhead_ns INTEGER NOT NULL,
    sampling        INTEGER,          -- rejection threshold T of 2^56; NULL: not declared
    requests_seen   INTEGER,
    signs           INTEGER NOT NULL, -- bit set, see `Sign` in the store crate
    PRIMARY KEY (trace, span)
) STRICT;

CREATE INDEX calls_by_handler ON calls (handler, start_ns);

CREATE TABLE app_facts (
    service       TEXT NOT NULL,
    environment   TEXT NOT NULL,      -- '' where none is declared
    name          TEXT NOT NULL,
    value         TEXT NOT NULL,
    first_seen_ns INTEGER NOT NULL,
    last_seen_ns  INTEGER NOT NULL,
    PRIMARY KEY (service, environment, name, value)
) STRICT, WITHOUT ROWID;
