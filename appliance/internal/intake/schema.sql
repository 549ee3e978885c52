-- What has been accepted of an agent's queue (DESIGN D4).
CREATE TABLE queue (
	agent_id  TEXT NOT NULL,
	queue_id  TEXT NOT NULL,    -- hexadecimal
	mark      INTEGER NOT NULL, -- highest sequence accepted
	record_id TEXT NOT NULL,    -- of the record at mark, hexadecimal
	seen_ms   INTEGER NOT NULL,
	PRIMARY KEY (agent_id, queue_id)
) WITHOUT ROWID;

-- The newest verdict of each (host, check, source) (D16).
CREATE TABLE verdict (
	host_id     TEXT NOT NULL,
	check_id    TEXT NOT NULL,
	source      TEXT NOT NULL,
	status      INTEGER NOT NULL, -- as compliance.v1.Status
	severity    TEXT NOT NULL,
	actual      TEXT NOT NULL,
	reason      TEXT NOT NULL,
	drift_type  TEXT NOT NULL,
	observed_ms INTEGER NOT NULL, -- sender's clock
	received_ms INTEGER NOT NULL, -- ours
	proved_ms   INTEGER NOT NULL, -- when the newest bundle about it was made
	was_status  INTEGER NOT NULL, -- what the row held before its newest update
	was_proved  INTEGER NOT NULL,
	PRIMARY KEY (host_id, source, check_id)
) WITHOUT ROWID;
