-- Placeholders in the names of runs that were shown a memory: a value that only such a name has goes with the memory.
CREATE TABLE recall_uses (
  placeholder INTEGER NOT NULL REFERENCES placeholders (number) ON DELETE CASCADE,
  memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  PRIMARY KEY (placeholder, memory)
) STRICT, WITHOUT ROWID;
CREATE INDEX recall_uses_by_memory ON recall_uses (memory);

-- The keyed hash of an idempotency key, which callers make of addresses and names. `key` held it as it was typed.
ALTER TABLE memories ADD COLUMN key_lookup BLOB;
CREATE UNIQUE INDEX memories_by_key ON memories (key_lookup) WHERE key_lookup IS NOT NULL;

-- That somebody asked what one placeholder stands for, and when; never what it stands for.
CREATE TABLE reveals (
  number INTEGER PRIMARY KEY,
  placeholder INTEGER NOT NULL REFERENCES placeholders (number) ON DELETE CASCADE,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX reveals_by_placeholder ON reveals (placeholder);
