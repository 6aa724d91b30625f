-- Whoever lost everything comes back with a new account that is given nothing for a day. Older code neither reads nor
-- writes these columns; it would give them everything at once, so `luwte serve` of that time is no way back.

-- staff
ALTER TABLE invitation ADD COLUMN instead_of TEXT;   -- the account of a colleague who lost everything; NULL: of nobody
ALTER TABLE applicant ADD COLUMN instead_of TEXT;
ALTER TABLE account ADD COLUMN instead_of TEXT;
ALTER TABLE account ADD COLUMN reads_from INTEGER;   -- minute before which it is given nothing; NULL: at once
