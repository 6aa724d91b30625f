-- From an invitation to an account: who was invited, who waits for a colleague, who may admit, and what is wrapped to
-- the recovery key. Older code neither reads nor writes these tables.

-- staff
CREATE TABLE recovery (                     -- one row: the organisation's recovery key, as its root signed it
    key         INTEGER PRIMARY KEY,        -- 1
    certificate BLOB    NOT NULL
);
CREATE TABLE recovery_wrap (                -- each team's private key, wrapped to the recovery key
    team  TEXT    NOT NULL REFERENCES team (slug),
    epoch INTEGER NOT NULL,
    wrap  BLOB    NOT NULL,
    PRIMARY KEY (team, epoch)
);
CREATE TABLE admin_key (                    -- the team-admin key, wrapped to a lead
    account TEXT    PRIMARY KEY REFERENCES account (id),
    epoch   INTEGER NOT NULL,               -- of the admin certificate
    wrap    BLOB    NOT NULL
);
CREATE TABLE invitation (
    id        TEXT    PRIMARY KEY,          -- random
    code_hash BLOB    NOT NULL UNIQUE,      -- SHA-256; the code itself is nowhere
    account   TEXT    NOT NULL UNIQUE,      -- the id that whoever comes will have
    team      TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    made      INTEGER NOT NULL,
    made_by   TEXT    NOT NULL,             -- an account, or 'operator'
    over      INTEGER                       -- the minute when it was used or withdrawn
);
CREATE TABLE applicant (                    -- joined, and waits until a colleague admits them
    id             TEXT    PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    team           TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    salt           BLOB    NOT NULL,
    proof_hash     BLOB    NOT NULL,        -- SHA-256 of the login proof
    sealed_amk     BLOB    NOT NULL,
    sealed_x25519  BLOB    NOT NULL,
    sealed_ed25519 BLOB    NOT NULL,
    ed25519        BLOB    NOT NULL,        -- public halves, for the certificate
    x25519         BLOB    NOT NULL,
    joined         INTEGER NOT NULL
);
