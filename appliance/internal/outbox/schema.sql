CREATE TABLE outbox (
	n       INTEGER PRIMARY KEY AUTOINCREMENT, -- order in which evidence is logged
	id      TEXT NOT NULL UNIQUE,              -- bundle id
	made_ms INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	draft   BLOB NOT NULL                      -- JSON of a bundle
);
