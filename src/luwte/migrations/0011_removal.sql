-- The last day of a colleague. Older code neither reads nor writes this column.

-- staff
ALTER TABLE account ADD COLUMN knew INTEGER;    -- of somebody removed: the last epoch whose team key they had
