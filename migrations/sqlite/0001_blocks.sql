-- Why: raw spans are kept as they came (redacted, compressed, one block per export request), because one row per
-- span costs ten times the bytes and the time. The index finds the blocks of a trace; all else is derived.

CREATE TABLE blocks (
    id             INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: the extraction watermark compares ids
    received_ns    INTEGER NOT NULL,                  -- arrival, ns since the epoch
    spans          INTEGER NOT NULL,
    inflated_bytes INTEGER NOT NULL,                  -- of the OTLP protobuf before compression
    traces         BLOB    NOT NULL,                  -- trace id prefixes in it, 8 bytes each: to unindex it
    payload        BLOB    NOT NULL                   -- zstd of ExportTraceServiceRequest
) STRICT;

CREATE TABLE block_traces (
    trace_prefix INTEGER NOT NULL, -- first 8 bytes of the trace id, big endian
    block        INTEGER NOT NULL,
    PRIMARY KEY (trace_prefix, block)
) STRICT, WITHOUT ROWID;

-- How far each collector has extracted Calls; commits together with them.
CREATE TABLE extraction (
    collector TEXT    PRIMARY KEY,
    block     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
