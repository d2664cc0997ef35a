-- Why: ids of traces are random. A table or index that is ordered by them is written all over with every commit, and
-- the more so the larger it grows. So Calls lie in the order of their handler and time, which is also how they are
-- read, and the index of traces is written in runs: each sorted once, when the blocks of many requests have come.

CREATE TABLE calls_by_handler_and_time (
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
    PRIMARY KEY (handler, start_ns, trace, span)
) STRICT, WITHOUT ROWID;

INSERT INTO calls_by_handler_and_time
    SELECT handler, start_ns, trace, span, duration_ns, route, method, status, form, caller, agent, client, instance,
           path, page, request_bytes, response_bytes, request_key, response_hash, media_type, signature, origin,
           first_byte_ns, self_fetches, self_fetch_overhead_ns, sampling, requests_seen, signs
    FROM calls;

DROP TABLE calls;
ALTER TABLE calls_by_handler_and_time RENAME TO calls;

-- Nothing is lost with the old index: each block names its traces.
DROP TABLE block_traces;

CREATE TABLE runs (
    run         INTEGER PRIMARY KEY AUTOINCREMENT,
    first_block INTEGER NOT NULL, -- it indexes the blocks from here
    last_block  INTEGER NOT NULL, -- to here; later blocks are read for their traces
    filter      BLOB              -- tells most traces that are not in the run; NULL while the run is written
) STRICT;

CREATE TABLE block_traces (
    run          INTEGER NOT NULL,
    trace_prefix INTEGER NOT NULL, -- the halves of the trace id, XORed
    block        INTEGER NOT NULL,
    PRIMARY KEY (run, trace_prefix, block)
) STRICT, WITHOUT ROWID;
