-- Agents that have asked, by what they are.
CREATE TABLE update_agent (
	agent_id TEXT PRIMARY KEY,
	os       TEXT NOT NULL,
	arch     TEXT NOT NULL,
	version  TEXT NOT NULL,
	built    INTEGER NOT NULL,
	asked_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- How far a program may go.
CREATE TABLE update_ring (
	sha256  BLOB PRIMARY KEY,
	ring    INTEGER NOT NULL,
	open_ms INTEGER NOT NULL, -- since when this ring is open
	halted  TEXT NOT NULL     -- why it goes no further; empty while it does
) WITHOUT ROWID;

-- What became of a program on an agent.
CREATE TABLE update_result (
	sha256   BLOB NOT NULL,
	agent_id TEXT NOT NULL,
	state    INTEGER NOT NULL, -- compliance.v1.UpdateState
	reason   TEXT NOT NULL,
	failures INTEGER NOT NULL,
	told_ms  INTEGER NOT NULL,
	forgiven INTEGER NOT NULL, -- 1: a person resumed the program after this
	PRIMARY KEY (sha256, agent_id)
) WITHOUT ROWID;
