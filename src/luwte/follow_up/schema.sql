-- The chain of one or more reports, in a file of its own. Each row is kept as JSON (msgspec, the structs of model.py);
-- beside it stand the columns that are asked for. Texts that quotes are held against lie under their SHA-256.

CREATE TABLE row (
    id   TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    json BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX row_kind ON row (kind, id);

-- What of a row is asked for from the outside: a source's own id, both ends of a link, the target of an assessment.
CREATE TABLE reference (
    value TEXT NOT NULL,
    name  TEXT NOT NULL,
    id    TEXT NOT NULL REFERENCES row (id),
    PRIMARY KEY (value, name, id)
) WITHOUT ROWID;
CREATE INDEX reference_of ON reference (id);

CREATE TABLE text (
    sha256 TEXT PRIMARY KEY,
    text   TEXT NOT NULL
) WITHOUT ROWID;

-- An assessment is never changed: the next one counts from its day on.
CREATE TRIGGER assessment_stays BEFORE UPDATE ON row WHEN old.kind = 'assessment' AND old.json IS NOT new.json
BEGIN SELECT raise(ABORT, 'an assessment is never changed'); END;
CREATE TRIGGER assessment_goes_not BEFORE DELETE ON row WHEN old.kind = 'assessment'
BEGIN SELECT raise(ABORT, 'an assessment is never removed'); END;
