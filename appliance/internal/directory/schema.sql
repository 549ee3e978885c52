-- How each domain was read. Its target says which; the body is JSON of a Standing.
CREATE TABLE directory_domain (
	target_id TEXT PRIMARY KEY,
	body      TEXT NOT NULL
) WITHOUT ROWID;

-- Computers by their identity. Who is gone stays for a month, with the reason.
CREATE TABLE directory_computer (
	target_id     TEXT NOT NULL,
	guid          TEXT NOT NULL,    -- objectGUID, lower case with dashes
	sid           TEXT NOT NULL,
	name          TEXT NOT NULL,
	account       TEXT NOT NULL,
	dns_name      TEXT NOT NULL,
	os            TEXT NOT NULL,
	os_version    TEXT NOT NULL,
	kind          TEXT NOT NULL,    -- workstation, server or dc
	stale         INTEGER NOT NULL,
	last_logon_ms INTEGER NOT NULL, -- 0: never
	first_seen_ms INTEGER NOT NULL,
	gone          TEXT NOT NULL,    -- empty while it is there
	gone_ms       INTEGER NOT NULL,
	PRIMARY KEY (target_id, guid)
) WITHOUT ROWID;
