-- Credentials as Central carried them, sealed to this appliance's key.
CREATE TABLE credential (
	name    TEXT PRIMARY KEY,
	kind    TEXT NOT NULL,
	version INTEGER NOT NULL,
	sealed  BLOB NOT NULL
) WITHOUT ROWID;

-- The highest version that a name has had; it stays when the credential goes, so
-- that an older one cannot come back.
CREATE TABLE credential_version (
	name    TEXT PRIMARY KEY,
	version INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE credential_state (
	one   INTEGER PRIMARY KEY CHECK (one = 1),
	state BLOB NOT NULL -- what Central calls the list that is held
);
