-- The shift: a conversation that is offered to a colleague, a visitor who is muted, and replies that only browsers read.

-- conversation
ALTER TABLE conversation ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;  -- who has it takes no messages; goes with the seat

-- desk
CREATE TABLE offer (                        -- whether it still counts follows from the conversation
    conversation BLOB    PRIMARY KEY,       -- its id
    asker        TEXT    NOT NULL,          -- the account that has it
    colleague    TEXT    NOT NULL,          -- the account that is asked
    times        INTEGER NOT NULL,          -- how often the conversation was taken when it was offered
    until        INTEGER NOT NULL           -- Unix seconds; the row goes with the offer
);
CREATE INDEX offer_asker ON offer (asker);
CREATE INDEX offer_colleague ON offer (colleague);

-- replies
CREATE TABLE reply (
    owner   TEXT    NOT NULL,               -- 'account/' or 'team/' and whose it is
    id      BLOB    NOT NULL,               -- random
    version INTEGER NOT NULL,               -- how often it was written
    sealed  BLOB    NOT NULL,               -- in a browser, under a key that we do not have
    PRIMARY KEY (owner, id)
);
