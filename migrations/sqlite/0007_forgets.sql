-- An erasure whose certificate is still owed: what was asked for, sealed, until it was verified and signed. Whoever finds it
-- after a crash goes on with it.
CREATE TABLE forgets (
  number INTEGER PRIMARY KEY,
  request BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- What a person has ordered to be kept: nothing of it is erased until the hold is lifted. `whole`: all that the vault holds.
CREATE TABLE legal_holds (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  reason BLOB NOT NULL,
  whole INTEGER NOT NULL CHECK (whole IN (0, 1)),
  at INTEGER NOT NULL
) STRICT;
CREATE TABLE legal_hold_memories (
  hold INTEGER NOT NULL REFERENCES legal_holds (number) ON DELETE CASCADE,
  memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  PRIMARY KEY (hold, memory)
) STRICT, WITHOUT ROWID;
CREATE INDEX legal_hold_memories_by_memory ON legal_hold_memories (memory);
