-- What placeholders stand for. `lookup` is a hash of the value's compared form under a key of the vault, `value` is sealed
-- under another: reading this table tells neither. One value has one placeholder, whatever a detector calls it.
-- `for_models`: it stands in a text that was masked for a model, whose answer may still come.
CREATE TABLE placeholders (
  number INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  lookup BLOB NOT NULL UNIQUE,
  value BLOB NOT NULL,
  for_models INTEGER NOT NULL DEFAULT 0 CHECK (for_models IN (0, 1)),
  seq INTEGER NOT NULL
) STRICT;
CREATE INDEX placeholders_by_seq ON placeholders (seq);

-- Which memories hold which placeholder: a value goes with the last of them, unless a text for a model had it too.
CREATE TABLE placeholder_uses (
  placeholder INTEGER NOT NULL REFERENCES placeholders (number) ON DELETE CASCADE,
  memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  PRIMARY KEY (placeholder, memory)
) STRICT, WITHOUT ROWID;
CREATE INDEX placeholder_uses_by_memory ON placeholder_uses (memory);

-- The parts a person is called by, and parts with one letter left out, by which typing errors are found: keyed hashes too.
CREATE TABLE name_parts (
  lookup BLOB NOT NULL,
  misspelt INTEGER NOT NULL CHECK (misspelt IN (0, 1)),
  placeholder INTEGER NOT NULL REFERENCES placeholders (number) ON DELETE CASCADE,
  PRIMARY KEY (lookup, misspelt, placeholder)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_parts_by_placeholder ON name_parts (placeholder);

-- `sealed` holds the values of a row's placeholders exactly as they were written, field by field. `screened` names the
-- detectors that looked; a row without it was written before there were any.
ALTER TABLE memories ADD COLUMN sealed BLOB;
ALTER TABLE memories ADD COLUMN screened TEXT;
ALTER TABLE versions ADD COLUMN sealed BLOB;
