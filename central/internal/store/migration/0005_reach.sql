-- Hosts that are scanned without an agent, and what they are signed in to with.
-- A credential is sealed to its appliance's key on the operator's computer:
-- these bytes cannot be opened here.
CREATE TABLE target (
  site_id      TEXT NOT NULL REFERENCES site,
  name         TEXT NOT NULL,
  kind         INTEGER NOT NULL, -- central.v1.TargetKind
  appliance_id TEXT NOT NULL,    -- empty: every appliance of the site
  credential   TEXT NOT NULL,
  body         BLOB NOT NULL,    -- central.v1.Target
  PRIMARY KEY (site_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
  site_id      TEXT NOT NULL REFERENCES site,
  name         TEXT NOT NULL,
  appliance_id TEXT NOT NULL REFERENCES appliance,
  kind         INTEGER NOT NULL, -- central.v1.CredentialKind
  version      INTEGER NOT NULL,
  sealed       BLOB NOT NULL,
  key_id       BLOB NOT NULL,    -- SHA-256 of the sealing key
  made_ms      INTEGER NOT NULL,
  made_by      TEXT NOT NULL,
  reason       TEXT NOT NULL DEFAULT '', -- why the appliance cannot open it
  PRIMARY KEY (site_id, name, appliance_id)
) STRICT, WITHOUT ROWID;

-- The highest version of each name, which stays when the credential goes: a
-- version is never used twice.
CREATE TABLE credential_version (
  site_id TEXT NOT NULL REFERENCES site,
  name    TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (site_id, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE appliance ADD COLUMN sealing_key BLOB NOT NULL DEFAULT x''; -- trust.v1.SignedEnvelope
ALTER TABLE appliance ADD COLUMN targets_state BLOB NOT NULL DEFAULT x'';
ALTER TABLE appliance ADD COLUMN credentials_state BLOB NOT NULL DEFAULT x'';
