CREATE TABLE outbox (
	n           INTEGER PRIMARY KEY, -- order in which evidence is logged
	id          TEXT NOT NULL,        -- bundle id
	keyed       INTEGER NOT NULL,     -- 1: proves a record of a queue
	made_ms     INTEGER NOT NULL,
	kind        TEXT NOT NULL,        -- these three are known in the transaction only
	incident_id TEXT NOT NULL,
	level       TEXT NOT NULL,
	draft       BLOB NOT NULL         -- JSON of the rest of the bundle
);
-- A record of a queue is accepted once, which its queue's mark ensures. An index
-- over its random id would cost a page a record in the WAL.
CREATE UNIQUE INDEX outbox_id ON outbox (id) WHERE keyed = 0;
