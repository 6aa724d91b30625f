-- The last day of a colleague. Older code neither reads nor writes these columns.

-- staff
ALTER TABLE account ADD COLUMN knew INTEGER;    -- of somebody removed: the last epoch whose team key they had
ALTER TABLE team ADD COLUMN epoch_began INTEGER;   -- minute; NULL: before anybody wrote it down

-- conversation
ALTER TABLE conversation ADD COLUMN rewrapped INTEGER NOT NULL DEFAULT 0;   -- not the wraps that the visitor signed
CREATE INDEX conversation_ended ON conversation (team, epoch, key) WHERE ended IS NOT NULL;
