-- `found`: a detector finds the value in this memory; 0 where it stands masked because another memory made it known. When the
-- last memory in which it is found goes, the others are looked at again, as if that one had never been.
ALTER TABLE placeholder_uses ADD COLUMN found INTEGER NOT NULL DEFAULT 1 CHECK (found IN (0, 1));
-- `screened` is empty where a memory is to be looked at again: a value became known that it may hold, or is known no more.
CREATE INDEX memories_to_look_at ON memories (number) WHERE screened = '';
