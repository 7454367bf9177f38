-- One small vector a content word, for matching a question word by word: int8 [words, 96], row after row. Whoever reads
-- them back can guess the text: they never leave the vault, and go with their embedding.
-- An embedding's number packs its memory, chunk and model, so that its token vectors are one look-up away: by an index there
-- would be three pages to decrypt for each memory that is looked at.
UPDATE embeddings SET number = ((memory << 12 | chunk) << 8) | model;
CREATE TABLE token_vectors (
  embedding INTEGER PRIMARY KEY REFERENCES embeddings (number) ON DELETE CASCADE,
  vectors BLOB NOT NULL
) STRICT;
