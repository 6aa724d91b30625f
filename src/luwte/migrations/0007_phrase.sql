-- A return phrase, by which a visitor goes on from another device, and messages that are left for later.

-- conversation
ALTER TABLE conversation ADD COLUMN for_later INTEGER NOT NULL DEFAULT 0;  -- a message left: it waits without its visitor
ALTER TABLE conversation ADD COLUMN page BLOB;  -- the page life that came back by a phrase; the ones before it are over
CREATE TABLE phrase (                       -- at most one for a conversation, and gone with it
    conversation INTEGER PRIMARY KEY REFERENCES conversation (key) ON DELETE CASCADE,
    locator_hash BLOB    NOT NULL UNIQUE,   -- SHA-256; the locator itself is nowhere
    locked       BLOB    NOT NULL           -- a box that only the phrase opens
);
