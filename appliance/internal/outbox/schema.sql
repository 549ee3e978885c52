CREATE TABLE outbox (
	n           INTEGER PRIMARY KEY, -- order in which evidence is logged
	id          TEXT NOT NULL UNIQUE, -- bundle id
	made_ms     INTEGER NOT NULL,
	kind        TEXT NOT NULL,        -- these three are known in the transaction only
	incident_id TEXT NOT NULL,
	level       TEXT NOT NULL,
	draft       BLOB NOT NULL         -- JSON of the rest of the bundle
);
