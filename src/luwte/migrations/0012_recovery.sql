-- Recovery from paper: the team-admin key for the recovery key, and main keys that take over. Older code neither reads
-- nor writes these tables.

-- staff
CREATE TABLE recovery_admin_wrap (          -- the team-admin key, wrapped to the recovery key
    epoch INTEGER PRIMARY KEY,              -- of the admin certificate
    wrap  BLOB    NOT NULL
);
CREATE TABLE succession (                   -- main keys that take over, or took over, once they are pinned
    successor            BLOB PRIMARY KEY,  -- the public half
    predecessor          BLOB NOT NULL,     -- that of the one before
    statement            BLOB NOT NULL,     -- the predecessor's signature; empty: it was lost
    admin_certificate    BLOB NOT NULL,     -- the same keys as before, signed by the successor
    recovery_certificate BLOB NOT NULL
);
