-- Every backup and export that memguard wrote of this vault, so that forgetting can reach them, or say which it cannot.
-- `lookup` is a keyed hash of the path, `sealed` holds the path and what its file is known by, sealed for this row: paths
-- hold people's names. `last_memory` is the highest number that a memory in the copy can have; NULL: it may hold any. It is
-- a number and not a change sequence, since a change moves a memory's sequence and never its number.
CREATE TABLE copies (
  lookup BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('backup', 'export')),
  state TEXT NOT NULL CHECK (state IN ('being written', 'whole', 'lost', 'given away')),
  made_at INTEGER NOT NULL,
  last_memory INTEGER,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Keyed hashes of the ids of erased memories: a backup or an export from before the erasure may come back, and what was
-- forgotten must not come back with it. This is a trade: 16 bytes of each erased memory stay. Ids are random, so the hash
-- tells nothing to whoever does not hold the id itself, and not even that without the vault's key; ordered by hash, the table
-- tells neither when nor in what order. That so many were erased is all that can be read from it.
CREATE TABLE forgotten (
  lookup BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
