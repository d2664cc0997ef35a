-- Why: how many trace requests have come, by whether they held spans. `pointsman doctor` reads the file and not the process: without
-- this an exporter that sends something else looks the same as one that sends nothing. One row per kind.
CREATE TABLE arrivals (
    kind TEXT NOT NULL PRIMARY KEY,
    requests INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
