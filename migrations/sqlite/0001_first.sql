-- One vault: the memories of one owner. Times are microseconds since 1970 UTC.

-- `state` is read by every transaction, so that a process that had the vault open learns of its end at its next call.
-- `change_seq` counts writes and `erase_seq` erasures: caches catch up by them. Neither is ever shown.
CREATE TABLE vault (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'replaced', 'destroyed')),
  change_seq INTEGER NOT NULL DEFAULT 0,
  erase_seq INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO vault (id) VALUES (1);

CREATE TABLE models (
  code INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  dimension INTEGER NOT NULL
) STRICT;

-- `text` is the form for words and for reading, `plain` the form for vectors where it differs from it,
-- `tags` are further words a memory is found by. `run_order` is sparse: neighbours are the surviving ones.
CREATE TABLE memories (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL,
  plain TEXT,
  tags TEXT NOT NULL DEFAULT '',
  author TEXT NOT NULL,
  author_kind TEXT NOT NULL CHECK (author_kind IN ('user', 'agent', 'tool', 'web')),
  actor TEXT,
  actor_key TEXT,
  agent_id TEXT,
  run_id TEXT,
  run_order INTEGER,
  environment TEXT,
  source TEXT,
  origin TEXT,
  happened_at INTEGER,
  happened_offset INTEGER NOT NULL DEFAULT 0,
  recorded_at INTEGER NOT NULL,
  valid_from INTEGER,
  valid_to INTEGER,
  expires_at INTEGER,
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'held')),
  version INTEGER NOT NULL DEFAULT 1,
  key TEXT UNIQUE,
  seq INTEGER NOT NULL
) STRICT;
CREATE INDEX memories_by_run ON memories (run_id, run_order) WHERE run_id IS NOT NULL;
CREATE INDEX memories_by_actor ON memories (actor_key) WHERE actor_key IS NOT NULL;
CREATE INDEX memories_by_expiry ON memories (expires_at) WHERE expires_at IS NOT NULL;

-- Earlier wordings, kept by the retention setting.
CREATE TABLE versions (
  memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  text TEXT NOT NULL,
  plain TEXT,
  metadata TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  replaced_at INTEGER NOT NULL,
  PRIMARY KEY (memory, version)
) STRICT, WITHOUT ROWID;

-- A later statement replaces an earlier one as current. Every pair is kept, so that erasing one leaves the others true.
CREATE TABLE supersessions (
  earlier INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  later INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  reason TEXT NOT NULL CHECK (reason IN ('said', 'restated')),
  PRIMARY KEY (earlier, later)
) STRICT, WITHOUT ROWID;
CREATE INDEX supersessions_by_later ON supersessions (later);

-- What a memory was made from: given by the caller, or recalled in its run before it was added.
CREATE TABLE lineage (
  child INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  parent INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('given', 'recalled')),
  PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX lineage_by_parent ON lineage (parent);

CREATE TABLE recalls (
  run_id TEXT NOT NULL,
  memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  PRIMARY KEY (run_id, memory)
) STRICT, WITHOUT ROWID;
CREATE INDEX recalls_by_memory ON recalls (memory);

-- What speaks for or against a memory, and who said so. Beliefs are computed from these rows, never stored.
CREATE TABLE evidence (
  number INTEGER PRIMARY KEY,
  memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  author TEXT NOT NULL,
  source TEXT,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX evidence_by_memory ON evidence (memory);

-- What happened, without content.
CREATE TABLE events (
  number INTEGER PRIMARY KEY,
  memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_memory ON events (memory);

-- Normalised float32 vectors, by chunk and model. Whoever reads them back can guess the text: they never leave the vault.
CREATE TABLE embeddings (
  number INTEGER PRIMARY KEY,
  memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
  chunk INTEGER NOT NULL,
  model INTEGER NOT NULL REFERENCES models (code),
  vector BLOB NOT NULL,
  seq INTEGER NOT NULL,
  UNIQUE (memory, chunk, model)
) STRICT;
CREATE INDEX embeddings_by_seq ON embeddings (model, seq);

-- The word index keeps no copy of the text. `secure-delete` takes words out of its segments when a row goes.
CREATE VIRTUAL TABLE words USING fts5 (
  text, tags, content = 'memories', content_rowid = 'number', tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE word_counts USING fts5vocab (words, 'row');

CREATE TRIGGER memories_inserted AFTER INSERT ON memories BEGIN
  INSERT INTO words (rowid, text, tags) VALUES (new.number, new.text, new.tags);
END;
CREATE TRIGGER memories_deleted AFTER DELETE ON memories BEGIN
  INSERT INTO words (words, rowid, text, tags) VALUES ('delete', old.number, old.text, old.tags);
END;
CREATE TRIGGER memories_updated AFTER UPDATE OF text, tags ON memories BEGIN
  INSERT INTO words (words, rowid, text, tags) VALUES ('delete', old.number, old.text, old.tags);
  INSERT INTO words (rowid, text, tags) VALUES (new.number, new.text, new.tags);
END;
