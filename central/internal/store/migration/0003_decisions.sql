-- What people decided about agents that are held. The appliance takes what is
-- newer than its own newest; the envelope is signed when it is sent.
CREATE TABLE agent_decision (
  site_id  TEXT NOT NULL REFERENCES site,
  version  INTEGER NOT NULL,
  agent_id TEXT NOT NULL,
  verb     INTEGER NOT NULL, -- trust.v1.AgentVerb
  person   TEXT NOT NULL,
  reason   TEXT NOT NULL,
  made_ms  INTEGER NOT NULL,
  PRIMARY KEY (site_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_decision_by_agent ON agent_decision (site_id, agent_id, version);
CREATE TRIGGER agent_decision_fixed BEFORE UPDATE ON agent_decision
BEGIN SELECT RAISE(ABORT, 'decisions are insert-only'); END;
CREATE TRIGGER agent_decision_stays BEFORE DELETE ON agent_decision
BEGIN SELECT RAISE(ABORT, 'decisions are insert-only'); END;

ALTER TABLE appliance ADD COLUMN decision_version INTEGER NOT NULL DEFAULT 0;
-- pending, expired or clone; empty for an appliance that does not say why.
ALTER TABLE host_live ADD COLUMN hold TEXT NOT NULL DEFAULT '';
