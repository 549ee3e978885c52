-- A bundle id, or the key of an agent's record, may come again with other
-- content: from another appliance of the site, or from one that is not honest.
-- The entry stands in a log and cannot be left out, so it is kept and flagged.
CREATE TABLE evidence_flagged (
  entry_id    INTEGER PRIMARY KEY REFERENCES log_entry,
  site_id     TEXT NOT NULL,
  bundle_id   TEXT NOT NULL,
  bundle_hash BLOB NOT NULL,
  host_id     TEXT NOT NULL,
  check_id    TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  kind        TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  made_ms     INTEGER NOT NULL,
  agent_id    TEXT NOT NULL,
  queue_id    TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  summary     TEXT NOT NULL,
  duplicate   INTEGER NOT NULL -- 0, or its own entry_id when its id or its record was held already
) STRICT;
INSERT INTO evidence_flagged
  SELECT entry_id, site_id, bundle_id, bundle_hash, host_id, check_id, incident_id, kind, outcome, made_ms, agent_id,
    queue_id, seq, summary, CASE
      WHEN queue_id = '' OR entry_id = min(entry_id) OVER (PARTITION BY site_id, agent_id, queue_id, seq) THEN 0
      ELSE entry_id END
  FROM evidence;
DROP TABLE evidence;
ALTER TABLE evidence_flagged RENAME TO evidence;
CREATE UNIQUE INDEX evidence_by_bundle ON evidence (site_id, bundle_id, duplicate);
CREATE UNIQUE INDEX evidence_by_record ON evidence (site_id, agent_id, queue_id, seq, duplicate) WHERE queue_id <> '';
CREATE INDEX evidence_by_entry ON evidence (site_id, entry_id);
CREATE INDEX evidence_by_host ON evidence (site_id, host_id, entry_id);
CREATE INDEX evidence_by_incident ON evidence (site_id, incident_id, entry_id);
CREATE TRIGGER evidence_fixed BEFORE UPDATE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is insert-only'); END;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is insert-only'); END;
