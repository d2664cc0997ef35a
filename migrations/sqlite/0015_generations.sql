-- Why: two processes may count the same hour, and the one that read earlier may write later. So changes are numbered, over all
-- hours and for ever, and each dirty hour says up to which change its Rollups count: what was read before that is not
-- written any more. Numbers taken from the extraction watermark came twice.

CREATE TABLE hour_generation (
    last INTEGER NOT NULL -- the number of the last change; one row
) STRICT;

INSERT INTO hour_generation
    SELECT 1 + max(coalesce((SELECT max(generation) FROM dirty_hours), 0), coalesce((SELECT max(block) FROM extraction), 0));

ALTER TABLE dirty_hours ADD COLUMN counted INTEGER; -- the last change that its Rollups count; NULL: not known
