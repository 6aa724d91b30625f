-- A line that opens and closes, a call for a colleague, and leads who read along. Older code neither reads nor writes these.

-- line
CREATE TABLE line (                         -- what a shift lead did last; it counts until the timetable changes
    team TEXT    PRIMARY KEY,
    open INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    by   TEXT    NOT NULL
);

-- conversation
CREATE TABLE companion (                    -- who reads along with the one who has it, and why
    conversation INTEGER NOT NULL,
    account      TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    since        INTEGER NOT NULL,
    PRIMARY KEY (conversation, account)
);
CREATE INDEX companion_of ON companion (account);

-- desk
CREATE TABLE alarm (                        -- "Need a colleague": open until somebody comes, there until it is over
    key          INTEGER PRIMARY KEY,
    conversation BLOB    NOT NULL,
    team         TEXT    NOT NULL,
    asked_by     TEXT    NOT NULL,
    asked        INTEGER NOT NULL,
    coming       TEXT,
    over         INTEGER
);
CREATE UNIQUE INDEX alarm_now ON alarm (conversation) WHERE over IS NULL;
