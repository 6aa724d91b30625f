-- The second factor, codes in its place, and a paper that stands in for the passphrase. Older code neither reads nor
-- writes these; it lets somebody in whose second factor it does not know, so `luwte serve` of that time is no way back.

-- staff
CREATE TABLE second_factor (
    account TEXT    PRIMARY KEY,            -- of an account, or of somebody who joined and waits for one
    locked  BLOB    NOT NULL,               -- the secret of RFC 6238, under a key that grows from the server's secret
    step    INTEGER NOT NULL                -- the newest one whose code was accepted: none up to it is accepted again
);
CREATE TABLE recovery_code (                -- each once: a row goes with its use
    account TEXT NOT NULL,
    hash    BLOB NOT NULL,                  -- an HMAC under a key that grows from the server's secret
    PRIMARY KEY (account, hash)
) WITHOUT ROWID;
CREATE TABLE recovery_sheet (               -- at most one for an account, and gone with its use
    account    TEXT PRIMARY KEY REFERENCES account (id),
    proof_hash BLOB NOT NULL,               -- SHA-256
    sealed_amk BLOB NOT NULL                -- a box that only the sheet opens
);
CREATE INDEX session_open ON session (account) WHERE ended IS NULL;
