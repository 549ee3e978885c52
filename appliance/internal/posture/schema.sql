-- Devices that the network showed, for good: one that comes back is not new.
CREATE TABLE posture_device (
	key      TEXT PRIMARY KEY,      -- the MAC, or the address where there is none for life
	mac      TEXT NOT NULL,         -- empty behind a router
	address  TEXT NOT NULL,         -- the newest; several are parted by commas
	vendor   TEXT NOT NULL,
	known    INTEGER NOT NULL,      -- 0 until somebody says that it belongs here
	first_ms INTEGER NOT NULL,
	last_ms  INTEGER NOT NULL
) WITHOUT ROWID;
-- Networks of which everything was seen once: what is there then is not new.
CREATE TABLE posture_range (range TEXT PRIMARY KEY, first_ms INTEGER NOT NULL) WITHOUT ROWID;
