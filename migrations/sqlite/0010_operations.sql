-- Why: a route such as /api/trpc/[trpc] stands for a whole layer. Its operations are handlers of their own, told apart by
-- their names; every handler from before is none of them.

ALTER TABLE handlers ADD COLUMN operation TEXT; -- of a dispatcher: which of its operations; NULL for all else
