"""Whether every row belongs to something that lives."""

from __future__ import annotations

from memguard.forgetting.findings import Checked, Residue
from memguard.vault.connection import Session
from memguard.vault.embedded import CHUNK_BITS, MODEL_BITS


def relations(session: Session) -> Checked:
    """Count the rows that belong to nothing, and embeddings under a number that is not theirs."""
    counted = session.all(_STRANGE, {"chunk": CHUNK_BITS, "model": MODEL_BITS})
    residues = tuple(Residue(kind, table, count) for kind, table, count in counted if count)
    return Checked("relations", int(session.one(_ROWS)), residues)


_STRANGE = """
WITH
  alive AS (SELECT number FROM memories),
  held AS (SELECT number FROM placeholders)
SELECT 'orphan row', 'versions', count(*) FROM versions WHERE memory NOT IN alive
UNION ALL SELECT 'orphan row', 'evidence', count(*) FROM evidence WHERE memory NOT IN alive
UNION ALL SELECT 'orphan row', 'events', count(*) FROM events WHERE memory NOT IN alive
UNION ALL SELECT 'orphan row', 'recalls', count(*) FROM recalls WHERE memory NOT IN alive
UNION ALL SELECT 'orphan row', 'lineage', count(*) FROM lineage WHERE child NOT IN alive OR parent NOT IN alive
UNION ALL SELECT 'orphan row', 'supersessions', count(*) FROM supersessions
  WHERE earlier NOT IN alive OR later NOT IN alive
UNION ALL SELECT 'orphan row', 'embeddings', count(*) FROM embeddings
  WHERE memory NOT IN alive OR model NOT IN (SELECT code FROM models)
UNION ALL SELECT 'number', 'embeddings', count(*) FROM embeddings
  WHERE number <> ((memory << :chunk | chunk) << :model) | model
UNION ALL SELECT 'orphan row', 'token_vectors', count(*) FROM token_vectors
  WHERE embedding NOT IN (SELECT number FROM embeddings)
UNION ALL SELECT 'orphan row', 'placeholder_uses', count(*) FROM placeholder_uses
  WHERE memory NOT IN alive OR placeholder NOT IN held
UNION ALL SELECT 'orphan row', 'recall_uses', count(*) FROM recall_uses
  WHERE memory NOT IN (SELECT memory FROM recalls) OR placeholder NOT IN held
UNION ALL SELECT 'orphan row', 'reveals', count(*) FROM reveals WHERE placeholder NOT IN held
UNION ALL SELECT 'orphan row', 'name_parts', count(*) FROM name_parts WHERE placeholder NOT IN held
UNION ALL SELECT 'unused value', 'placeholders', count(*) FROM placeholders
  WHERE for_models = 0 AND number NOT IN (SELECT placeholder FROM placeholder_uses)
    AND number NOT IN (SELECT placeholder FROM recall_uses)
"""
_ROWS = """
SELECT (SELECT count(*) FROM versions) + (SELECT count(*) FROM evidence) + (SELECT count(*) FROM events)
  + (SELECT count(*) FROM recalls) + (SELECT count(*) FROM lineage) + (SELECT count(*) FROM supersessions)
  + (SELECT count(*) FROM embeddings) + (SELECT count(*) FROM placeholder_uses) + (SELECT count(*) FROM name_parts)
  + (SELECT count(*) FROM placeholders) + (SELECT count(*) FROM recall_uses) + (SELECT count(*) FROM reveals)
"""
