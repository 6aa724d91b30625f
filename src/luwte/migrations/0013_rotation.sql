-- Secrets that follow one another. Each wrap says under which of the team's keys it is.

-- conversation
ALTER TABLE wrap ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;               -- of the team's key
UPDATE wrap SET epoch = (SELECT epoch FROM conversation WHERE key = wrap.conversation);
-- Pages that were open before this cannot follow: their conversations keep their secrets until they end.
ALTER TABLE conversation ADD COLUMN rotates INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;  -- of the talk, once it was taken
ALTER TABLE conversation ADD COLUMN note_generation INTEGER NOT NULL DEFAULT 0;

-- replies
ALTER TABLE reply ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;              -- a team's: of the key it is sealed under

-- staff
UPDATE team SET epoch_began = strftime('%s', 'now') / 60 WHERE epoch_began IS NULL;
