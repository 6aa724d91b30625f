-- A log is its envelopes: its end, and where each sender stands, follow from them. One index a table fewer to write.
-- Of older envelopes only the last one of each sender is known to be that sender's: that is where it goes on.
CREATE TABLE envelope_2 (
    conversation INTEGER NOT NULL,
    log          INTEGER NOT NULL,          -- 1 shared, 2 team
    n            INTEGER NOT NULL,
    msg_id       BLOB    NOT NULL,
    sender       BLOB    NOT NULL,          -- random for each page life; empty where it is not known any more
    writer       TEXT    NOT NULL,          -- an account id, or 'visitor'
    seq          INTEGER NOT NULL,          -- of this sender
    hash         BLOB    NOT NULL,          -- SHA-256 of the envelope, to know a repeated one
    cert         BLOB,                      -- the writer's certificate id; empty for the visitor
    generation   INTEGER NOT NULL,
    minute       INTEGER NOT NULL,
    locked       BLOB    NOT NULL
);
INSERT INTO envelope_2
SELECT e.conversation, e.log, e.n, e.msg_id, coalesce(s.sender, x''), coalesce(s.owner, ''), coalesce(s.seq, 0),
       e.hash, e.cert, e.generation, e.minute, e.locked
FROM envelope e LEFT JOIN sender s ON s.conversation = e.conversation AND s.log = e.log AND s.prev = e.hash
ORDER BY e.rowid;
DROP TABLE envelope;
DROP TABLE sender;
DROP TABLE log;
ALTER TABLE envelope_2 RENAME TO envelope;
CREATE UNIQUE INDEX envelope_place ON envelope (conversation, log, n);
