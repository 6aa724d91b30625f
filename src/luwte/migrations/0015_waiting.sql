-- Whoever lost everything comes back with a new account that is given nothing for a day; whoever comes by a recovery
-- sheet sets a passphrase first. Older code neither reads nor writes these columns; it would give all at once, so `luwte serve` of that time is no way back.

-- staff
ALTER TABLE invitation ADD COLUMN instead_of TEXT;   -- the account of a colleague who lost everything; NULL: of nobody
ALTER TABLE applicant ADD COLUMN instead_of TEXT;
ALTER TABLE account ADD COLUMN instead_of TEXT;
ALTER TABLE account ADD COLUMN reads_from INTEGER;   -- minute before which it is given nothing; NULL: at once
ALTER TABLE session ADD COLUMN renews INTEGER NOT NULL DEFAULT 0;   -- 1: by a recovery sheet; sets a passphrase, no more
