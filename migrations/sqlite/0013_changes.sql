-- Why: handlers that move for the same reason in the same interactions are one piece of work, with one decision. A change keeps
-- its id while handlers join and leave it, so the id is stored with each recommendation, and what was said of the change when
-- it was proposed beside it. Recommendations from before have none yet: the next run puts them into changes, and what was
-- decided about them stays decided.

ALTER TABLE recommendations ADD COLUMN change INTEGER;

CREATE TABLE changes (
    id          INTEGER PRIMARY KEY,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL, -- '' where none is declared
    outline     TEXT NOT NULL  -- JSON, the advisor's own
) STRICT;
