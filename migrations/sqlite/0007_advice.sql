-- Why: advice has a memory. A verdict that stands is left only after two runs, a user answers a recommendation, and what
-- a move promised is compared with what it brought. All of it is found by service and environment, and none of it can be
-- derived again. The tables are small: there is a row for each handler, and they are read whole. Whoever writes raises
-- the revision that it has read: of two who change the same state at the same time one has to look again. Words and
-- payloads are the advisor's own.

CREATE TABLE advice_revisions (
    service     TEXT    NOT NULL,
    environment TEXT    NOT NULL, -- '' where none is declared, here and below
    revision    INTEGER NOT NULL,
    PRIMARY KEY (service, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE advice_runs (
    service     TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    at_ns       INTEGER NOT NULL, -- the time that it looked at, not when it was made
    handlers    INTEGER NOT NULL, -- that it judged
    PRIMARY KEY (service, environment, at_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE standing_verdicts (
    handler        INTEGER NOT NULL,
    service        TEXT    NOT NULL,
    environment    TEXT    NOT NULL,
    verdict        TEXT    NOT NULL,
    since_ns       INTEGER NOT NULL,
    seen_ns        INTEGER NOT NULL, -- when the handler was last judged
    provisional    INTEGER NOT NULL, -- 1: given by a first look, it holds nothing up
    flips          INTEGER NOT NULL,
    candidate      TEXT,             -- what the last runs saw instead
    candidate_runs INTEGER,
    PRIMARY KEY (handler)
) STRICT, WITHOUT ROWID;

CREATE TABLE recommendations (
    handler     INTEGER NOT NULL,
    verdict     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    until_ns    INTEGER,          -- end of a dismissal or a snooze
    proposed_ns INTEGER NOT NULL,
    promise     TEXT    NOT NULL, -- JSON
    applied_ns  INTEGER,
    successor   INTEGER,          -- the handler that came in its place
    proof       TEXT,             -- JSON
    PRIMARY KEY (handler, verdict)
) STRICT, WITHOUT ROWID;

CREATE TABLE recommendation_changes (
    handler INTEGER NOT NULL,
    verdict TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    before  TEXT,             -- NULL at the beginning
    after   TEXT    NOT NULL,
    who     TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    PRIMARY KEY (handler, verdict, number)
) STRICT, WITHOUT ROWID;
