-- Why: an unknown action id is a page's from before a deployment, or another instance's, only if some build had it; a scanner
-- makes its ids up. So the id is kept of calls that asked for one that the app did not know.

ALTER TABLE calls ADD COLUMN unknown_action TEXT;
