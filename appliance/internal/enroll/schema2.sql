-- 1: only the newest certificate opens a session, because a copy of this
-- identity is about (DESIGN D11).
ALTER TABLE agent ADD COLUMN strict INTEGER NOT NULL DEFAULT 0;

-- What people decided about agents; the running appliance follows n.
CREATE TABLE decision (
	n        INTEGER PRIMARY KEY AUTOINCREMENT,
	agent_id TEXT NOT NULL,
	what     TEXT NOT NULL,     -- approve or release
	person   TEXT NOT NULL,
	reason   TEXT NOT NULL,
	made_ms  INTEGER NOT NULL
);
