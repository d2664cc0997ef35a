-- Why: production has no checkout of the app. What `pointsman link` found in its source is uploaded instead, and kept beside the traffic
-- it explains: one document per service and environment, the newest in place of the one before. The document is JSON, compressed by zstd.
CREATE TABLE sources (
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    stored_at_ns INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    inflated_bytes INTEGER NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (service, environment)
) STRICT;
