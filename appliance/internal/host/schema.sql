CREATE TABLE host (
	host_id        TEXT PRIMARY KEY,
	source         TEXT NOT NULL,          -- agent or sensor
	agent_id       TEXT,                   -- null for sensors
	hostname       TEXT NOT NULL,
	domain         TEXT NOT NULL,
	os             TEXT NOT NULL,
	os_version     TEXT NOT NULL,
	arch           TEXT NOT NULL,
	agent_version  TEXT NOT NULL,
	machine_guid   TEXT NOT NULL,
	smbios_uuid    TEXT NOT NULL,
	machine_sid    TEXT NOT NULL,
	ad_object_guid TEXT NOT NULL,
	first_seen_ms  INTEGER NOT NULL,
	last_seen_ms   INTEGER NOT NULL,
	dropped        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX host_agent ON host (agent_id) WHERE agent_id IS NOT NULL;
-- Names of asserted hosts are lower case; an empty domain is a domain.
CREATE UNIQUE INDEX host_sensor ON host (hostname, domain) WHERE source = 'sensor';
