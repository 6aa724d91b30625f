-- Whoever is gone stays gone over a restart; and the class that staff gave a waiting conversation.
ALTER TABLE conversation ADD COLUMN left_at INTEGER;  -- the visitor has left, and since when; empty: here, or away
ALTER TABLE conversation ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';
DROP INDEX conversation_waiting;
CREATE INDEX conversation_waiting ON conversation (team, waiting_since)
    WHERE holder IS NULL AND ended IS NULL AND left_at IS NULL;
CREATE INDEX conversation_open ON conversation (key) WHERE ended IS NULL AND left_at IS NULL;
