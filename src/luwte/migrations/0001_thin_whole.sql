-- The first schema. Every table names the feature that owns it; minutes are Unix time / 60.

-- staff
CREATE TABLE team (
    slug              TEXT    PRIMARY KEY,  -- also the chat line's address
    name              TEXT    NOT NULL,
    epoch             INTEGER NOT NULL,
    admin_certificate BLOB    NOT NULL,
    certificate       BLOB    NOT NULL
);
CREATE TABLE account (
    id             TEXT    PRIMARY KEY,     -- random
    name           TEXT    NOT NULL UNIQUE,
    team           TEXT    NOT NULL REFERENCES team (slug),
    role           TEXT    NOT NULL,
    salt           BLOB    NOT NULL,
    proof_hash     BLOB    NOT NULL,        -- SHA-256 of the login proof
    sealed_amk     BLOB    NOT NULL,
    sealed_x25519  BLOB    NOT NULL,
    sealed_ed25519 BLOB    NOT NULL,
    certificate    BLOB    NOT NULL REFERENCES certificate (id),
    second_factor  INTEGER NOT NULL,
    disabled       INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE certificate (                  -- of staff, also past ones: old messages name them
    id          BLOB PRIMARY KEY,
    account     TEXT NOT NULL,
    certificate BLOB NOT NULL
);
CREATE TABLE team_key (                     -- the team's private key, wrapped to a member
    account TEXT    NOT NULL REFERENCES account (id),
    team    TEXT    NOT NULL REFERENCES team (slug),
    epoch   INTEGER NOT NULL,
    wrap    BLOB    NOT NULL,
    PRIMARY KEY (account, team, epoch)
);
CREATE TABLE session (
    token_hash BLOB    PRIMARY KEY,         -- SHA-256; the token itself is nowhere
    account    TEXT    NOT NULL REFERENCES account (id),
    began      INTEGER NOT NULL,
    ended      INTEGER
);

-- conversation
CREATE TABLE conversation (
    key             INTEGER PRIMARY KEY,
    id              BLOB    NOT NULL UNIQUE,
    team            TEXT    NOT NULL,
    number          INTEGER NOT NULL,       -- of the day
    epoch           INTEGER NOT NULL,
    start_hash      BLOB    NOT NULL,       -- SHA-256 of the start frame: the same bytes get the same answer
    ve              BLOB    NOT NULL,       -- from here to sig: what the visitor signed, for desks to check
    vg              BLOB    NOT NULL,
    credential_hash BLOB    NOT NULL,
    team_cert       BLOB    NOT NULL,
    sig             BLOB    NOT NULL,
    started         INTEGER NOT NULL,
    waiting_since   INTEGER NOT NULL,
    times           INTEGER NOT NULL,       -- how often it was taken
    holder          TEXT,                   -- the account that has it now
    ended           INTEGER,
    ended_by        TEXT,
    end_reason      TEXT
);
CREATE INDEX conversation_waiting ON conversation (team, waiting_since) WHERE holder IS NULL AND ended IS NULL;
CREATE INDEX conversation_held ON conversation (holder) WHERE holder IS NOT NULL AND ended IS NULL;
CREATE INDEX conversation_started ON conversation (team, started);
CREATE TABLE log (
    conversation INTEGER NOT NULL REFERENCES conversation (key),
    log          INTEGER NOT NULL,          -- 1 shared, 2 team
    n            INTEGER NOT NULL,
    head         BLOB    NOT NULL,
    PRIMARY KEY (conversation, log)
) WITHOUT ROWID;
CREATE TABLE sender (                       -- the chain of one page life in one log
    conversation INTEGER NOT NULL REFERENCES conversation (key),
    log          INTEGER NOT NULL,
    sender       BLOB    NOT NULL,
    owner        TEXT    NOT NULL,          -- an account id, or 'visitor'
    seq          INTEGER NOT NULL,
    prev         BLOB    NOT NULL,
    PRIMARY KEY (conversation, log, sender)
) WITHOUT ROWID;
CREATE TABLE envelope (
    conversation INTEGER NOT NULL REFERENCES conversation (key),
    log          INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    msg_id       BLOB    NOT NULL,
    hash         BLOB    NOT NULL,          -- SHA-256 of the envelope, to know a repeated one
    cert         BLOB,                      -- the writer's certificate id; empty for the visitor
    generation   INTEGER NOT NULL,
    minute       INTEGER NOT NULL,
    locked       BLOB    NOT NULL
);
CREATE UNIQUE INDEX envelope_place ON envelope (conversation, log, n);
CREATE UNIQUE INDEX envelope_message ON envelope (conversation, log, msg_id);
CREATE TABLE wrap (
    conversation INTEGER NOT NULL REFERENCES conversation (key),
    log          INTEGER NOT NULL,
    generation   INTEGER NOT NULL,
    purpose      INTEGER NOT NULL,
    locked       BLOB    NOT NULL,
    PRIMARY KEY (conversation, log, generation, purpose)
) WITHOUT ROWID;

-- audit
CREATE TABLE audit (
    n      INTEGER PRIMARY KEY,
    minute INTEGER NOT NULL,
    actor  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    object BLOB    NOT NULL,                -- a pseudonym under the conversation's own key, or empty
    reason TEXT    NOT NULL,
    result TEXT    NOT NULL,
    hash   BLOB    NOT NULL
);
