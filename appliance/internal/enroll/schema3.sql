-- Decisions that came from Central, signed, have a version; those made here have
-- 0. One that had no effect says why not.
ALTER TABLE decision ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decision ADD COLUMN void TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX decision_version ON decision (version) WHERE version > 0;
