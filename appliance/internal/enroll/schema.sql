-- Enrolment tokens, hashed (DESIGN D12).
CREATE TABLE token (
	hash       BLOB PRIMARY KEY,  -- SHA-256 of the token text
	kind       TEXT NOT NULL,     -- single or rollout
	tier       INTEGER NOT NULL,  -- highest tier its agents may have
	uses_left  INTEGER NOT NULL,
	made_ms    INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Which key used which token, so that a repeated request gets its answer again.
CREATE TABLE enrolment (
	token_hash BLOB NOT NULL,
	key_hash   BLOB NOT NULL,     -- SHA-256 of the public key
	agent_id   TEXT NOT NULL,
	made_ms    INTEGER NOT NULL,
	PRIMARY KEY (token_hash, key_hash)
) WITHOUT ROWID;

CREATE TABLE agent (
	agent_id     TEXT PRIMARY KEY,
	host_id      TEXT NOT NULL,
	serial       BLOB NOT NULL,     -- of the newest certificate
	certificate  BLOB NOT NULL,     -- newest, DER
	not_after_ms INTEGER NOT NULL,
	tier         INTEGER NOT NULL,  -- cap from its token
	pending      INTEGER NOT NULL,  -- 1: a person has yet to approve it
	quarantine   TEXT NOT NULL,     -- empty, expired or clone
	enrolled_ms  INTEGER NOT NULL
) WITHOUT ROWID;

-- Certificates that were exchanged for a newer one.
CREATE TABLE renewal (
	old_serial BLOB PRIMARY KEY,
	agent_id   TEXT NOT NULL,
	key_hash   BLOB NOT NULL,     -- of the key in the new certificate
	expired    INTEGER NOT NULL,  -- 1: the old one had expired
	old_key    BLOB NOT NULL,     -- hash of the key in the old certificate
	made_ms    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX renewal_key ON renewal (old_key) WHERE expired = 1;
