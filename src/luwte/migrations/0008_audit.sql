-- Checkpoints of the audit log with the tree under them, ways to look it through, and glass that was broken. Older code
-- neither reads nor writes the new tables.

-- audit
CREATE TABLE audit_node (                   -- complete subtrees of the Merkle tree over the records, from two leaves on
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash  BLOB    NOT NULL,
    PRIMARY KEY (level, place)
) WITHOUT ROWID;
CREATE TABLE checkpoint (
    key    INTEGER PRIMARY KEY,
    size   INTEGER NOT NULL,                -- records that it covers
    minute INTEGER NOT NULL,
    public BLOB    NOT NULL,                -- whose signature, for desks
    note   TEXT    NOT NULL                 -- as it was signed
);
CREATE INDEX audit_actor ON audit (actor);
CREATE INDEX audit_object ON audit (object);

-- desk
CREATE TABLE glass (                        -- somebody opened a conversation that is not theirs
    key          INTEGER PRIMARY KEY,
    team         TEXT    NOT NULL,
    conversation BLOB    REFERENCES conversation (id) ON DELETE SET NULL,
    number       INTEGER NOT NULL,
    account      TEXT    NOT NULL,
    basis        TEXT    NOT NULL,          -- one of a list; it is in the audit log, too
    reason       BLOB    NOT NULL,          -- in their words, under the conversation's shred key
    minute       INTEGER NOT NULL,
    closed       INTEGER,
    seen         INTEGER,
    seen_by      TEXT
);
CREATE INDEX glass_open ON glass (account) WHERE closed IS NULL;
CREATE INDEX glass_unseen ON glass (team) WHERE seen IS NULL;
