-- Why: several collectors share one database. What lies in it is what a SQLite file holds; the differences follow from several
-- processes that write at once. Unknown is NULL, never 0; 64-bit keys are stored as signed numbers with the same bits.

-- Each process that stores blocks has a log of its own and is its only writer: its numbers are dense and in the order of its
-- commits, which a sequence that all share could not promise.
CREATE TABLE collectors (
    id       INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    newest   BIGINT      NOT NULL DEFAULT 0, -- number of its last block
    wrote_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE blocks (
    collector      INTEGER NOT NULL,
    number         BIGINT  NOT NULL,
    received_ns    BIGINT  NOT NULL, -- arrival, ns since the epoch
    spans          BIGINT  NOT NULL,
    inflated_bytes BIGINT  NOT NULL, -- of the OTLP protobuf before compression
    traces         BYTEA   NOT NULL, -- trace id prefixes in it, 8 bytes each: to unindex it
    payload        BYTEA   NOT NULL, -- zstd of ExportTraceServiceRequest
    PRIMARY KEY (collector, number)
);
-- They are compressed already: compressing them once more would cost time and bring nothing.
ALTER TABLE blocks ALTER COLUMN payload SET STORAGE EXTERNAL, ALTER COLUMN traces SET STORAGE EXTERNAL;
-- Retention takes the oldest of all logs.
CREATE INDEX blocks_by_time ON blocks (received_ns);

CREATE TABLE block_traces (
    trace_prefix BIGINT  NOT NULL, -- the halves of the trace id, XORed
    collector    INTEGER NOT NULL,
    number       BIGINT  NOT NULL,
    PRIMARY KEY (trace_prefix, collector, number)
);

-- How far the Calls of each log are extracted; commits together with them.
CREATE TABLE extraction (
    collector INTEGER PRIMARY KEY,
    number    BIGINT NOT NULL
);

-- Work that one process at a time does for all. Rows and not locks of a session, which a pooler would give to anybody. Times are
-- the database's.
CREATE TABLE leases (
    name   TEXT PRIMARY KEY,
    holder TEXT,        -- NULL: nobody
    until  TIMESTAMPTZ NOT NULL DEFAULT '-infinity'
);
INSERT INTO leases (name) VALUES ('extraction'), ('advice'), ('retention'), ('publishing');

CREATE TABLE secrets (
    name  TEXT  PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE handlers (
    fingerprint BIGINT PRIMARY KEY,
    service     TEXT NOT NULL,
    environment TEXT,
    kind        TEXT NOT NULL,
    route       TEXT NOT NULL,
    method      TEXT NOT NULL,
    action_form TEXT,
    action_file TEXT,
    action_name TEXT,
    operation   TEXT
);
CREATE INDEX handlers_by_service ON handlers (service);

CREATE TABLE calls (
    handler          BIGINT  NOT NULL,
    start_ns         BIGINT  NOT NULL,
    trace            BYTEA   NOT NULL,
    span             BYTEA   NOT NULL,
    duration_ns      BIGINT  NOT NULL,
    route            TEXT,
    method           TEXT    NOT NULL,
    status           INTEGER,
    form             TEXT    NOT NULL,
    caller           TEXT    NOT NULL,
    agent            TEXT,
    client           BIGINT,
    instance         BIGINT,
    path             TEXT,
    page             TEXT,
    request_bytes    BIGINT,
    response_bytes   BIGINT,
    request_key      BIGINT,
    response_hash    BIGINT,
    media_type       TEXT,
    signature        TEXT,
    origin           TEXT,
    first_byte_ns    BIGINT,
    self_fetches     BIGINT  NOT NULL,
    self_fetch_overhead_ns BIGINT NOT NULL,
    sampling         BIGINT,
    requests_seen    BIGINT,
    signs            BIGINT  NOT NULL,
    database_ns      BIGINT,
    outgoing_ns      BIGINT,
    child_ns         BIGINT,
    writes           BIGINT,
    body_ns          BIGINT,
    network          BIGINT,
    use_cache_hits   BIGINT,
    use_cache_misses BIGINT,
    use_cache_fills  BIGINT,
    unknown_action   TEXT,
    PRIMARY KEY (handler, start_ns, trace, span)
);

CREATE TABLE app_facts (
    service       TEXT   NOT NULL,
    environment   TEXT   NOT NULL, -- '' where none is declared, here and below
    build         TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    value         TEXT   NOT NULL,
    first_seen_ns BIGINT NOT NULL,
    last_seen_ns  BIGINT NOT NULL,
    PRIMARY KEY (service, environment, name, value, build)
);
CREATE INDEX app_facts_by_service ON app_facts (service, last_seen_ns);

CREATE TABLE rollups (
    handler BIGINT  NOT NULL,
    hour    BIGINT  NOT NULL, -- hours since the epoch, UTC
    payload BYTEA   NOT NULL,
    PRIMARY KEY (handler, hour)
);

CREATE TABLE dirty_hours (
    service    TEXT   NOT NULL,
    hour       BIGINT NOT NULL,
    generation BIGINT NOT NULL, -- number of its last change
    counted    BIGINT NOT NULL, -- the last change that its Rollups count
    PRIMARY KEY (service, hour)
);

CREATE TABLE hour_generation (
    last BIGINT NOT NULL -- the number of the last change; one row
);
INSERT INTO hour_generation VALUES (0);

CREATE TABLE closed_hours (
    service TEXT   NOT NULL,
    hour    BIGINT NOT NULL,
    PRIMARY KEY (service, hour)
);

-- A row for each process that adds or deletes, so that none waits for another; the sum counts.
CREATE TABLE volumes (
    kind      TEXT    NOT NULL, -- blocks, calls, rollups
    collector INTEGER NOT NULL, -- 0: commands, and collectors that are gone
    rows      BIGINT  NOT NULL,
    bytes     BIGINT  NOT NULL, -- of calls 0: there the measured average counts
    PRIMARY KEY (kind, collector)
);
CREATE TABLE call_size (
    bytes BIGINT NOT NULL -- what a Call takes on average; one row
);
INSERT INTO call_size VALUES (400);

CREATE TABLE arrivals (
    kind     TEXT   PRIMARY KEY,
    requests BIGINT NOT NULL
);

CREATE TABLE advice_revisions (
    service     TEXT   NOT NULL,
    environment TEXT   NOT NULL,
    revision    BIGINT NOT NULL,
    PRIMARY KEY (service, environment)
);

CREATE TABLE advice_runs (
    service     TEXT   NOT NULL,
    environment TEXT   NOT NULL,
    at_ns       BIGINT NOT NULL,
    handlers    BIGINT NOT NULL,
    PRIMARY KEY (service, environment, at_ns)
);

CREATE TABLE standing_verdicts (
    handler        BIGINT  PRIMARY KEY,
    service        TEXT    NOT NULL,
    environment    TEXT    NOT NULL,
    verdict        TEXT    NOT NULL,
    since_ns       BIGINT  NOT NULL,
    seen_ns        BIGINT  NOT NULL,
    provisional    BOOLEAN NOT NULL,
    flips          BIGINT  NOT NULL,
    candidate      TEXT,
    candidate_runs BIGINT
);

CREATE TABLE recommendations (
    handler     BIGINT NOT NULL,
    verdict     TEXT   NOT NULL,
    service     TEXT   NOT NULL,
    environment TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    until_ns    BIGINT,
    proposed_ns BIGINT NOT NULL,
    promise     TEXT   NOT NULL,
    applied_ns  BIGINT,
    successor   BIGINT,
    proof       TEXT,
    change      BIGINT,
    PRIMARY KEY (handler, verdict)
);

CREATE TABLE recommendation_changes (
    handler BIGINT NOT NULL,
    verdict TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    at_ns   BIGINT NOT NULL,
    before  TEXT,
    after   TEXT   NOT NULL,
    who     TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    PRIMARY KEY (handler, verdict, number)
);

CREATE TABLE changes (
    id          BIGINT PRIMARY KEY,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    outline     TEXT NOT NULL
);

CREATE TABLE sources (
    service        TEXT   NOT NULL,
    environment    TEXT   NOT NULL,
    stored_at_ns   BIGINT NOT NULL,
    content_hash   TEXT   NOT NULL,
    inflated_bytes BIGINT NOT NULL,
    document       BYTEA  NOT NULL,
    PRIMARY KEY (service, environment)
);

CREATE TABLE published_reports (
    service        TEXT   NOT NULL,
    environment    TEXT   NOT NULL,
    at_ns          BIGINT NOT NULL,
    made_ns        BIGINT NOT NULL,
    reason         TEXT   NOT NULL,
    inflated_bytes BIGINT NOT NULL,
    payload        BYTEA  NOT NULL,
    PRIMARY KEY (service, environment, at_ns)
);

CREATE TABLE report_deliveries (
    service     TEXT   NOT NULL,
    environment TEXT   NOT NULL,
    at_ns       BIGINT NOT NULL,
    target      TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    attempts    BIGINT NOT NULL,
    next_try_ns BIGINT NOT NULL,
    PRIMARY KEY (service, environment, at_ns, target)
);
