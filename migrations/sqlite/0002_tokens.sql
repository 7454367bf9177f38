-- One small vector a content word, for matching a question word by word: int8 [words, 96], row after row. Whoever reads
-- them back can guess the text: they never leave the vault, and go with their embedding.
CREATE TABLE token_vectors (
  embedding INTEGER PRIMARY KEY REFERENCES embeddings (number) ON DELETE CASCADE,
  vectors BLOB NOT NULL
) STRICT;
