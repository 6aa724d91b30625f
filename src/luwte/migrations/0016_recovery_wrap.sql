-- Who wrapped the team-admin key to the recovery key, and when: so that another lead's desk wraps it anew. Older code
-- neither reads nor writes these columns; what it wraps has neither, and is wrapped anew at once.

-- staff
ALTER TABLE recovery_admin_wrap ADD COLUMN made_by TEXT;   -- the account of the lead
ALTER TABLE recovery_admin_wrap ADD COLUMN made INTEGER;    -- minute
