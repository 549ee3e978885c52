-- Every row that belongs to a practice carries its site_id, and every query
-- names it (DESIGN D35).
CREATE TABLE client (
  client_id  TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE site (
  site_id      TEXT PRIMARY KEY,
  client_id    TEXT NOT NULL REFERENCES client,
  name         TEXT NOT NULL,
  ceiling      INTEGER NOT NULL,
  created_ms   INTEGER NOT NULL,
  root_der     BLOB NOT NULL, -- certificate of the site root
  root_wrapped BLOB NOT NULL  -- its key under the wrapping key
) STRICT;
CREATE INDEX site_by_client ON site (client_id, site_id);

CREATE TABLE provisioning_code (
  code_hash    BLOB PRIMARY KEY,
  site_id      TEXT NOT NULL REFERENCES site,
  created_ms   INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL,
  appliance_id TEXT -- set once it was used
) STRICT;

CREATE TABLE appliance (
  appliance_id     TEXT PRIMARY KEY,
  site_id          TEXT NOT NULL REFERENCES site,
  created_ms       INTEGER NOT NULL,
  retired          INTEGER NOT NULL DEFAULT 0,
  hostname         TEXT NOT NULL,
  hardware_id      TEXT NOT NULL,
  tls_key          BLOB NOT NULL,
  ca_key           BLOB NOT NULL,
  command_key      BLOB NOT NULL,
  bundle_key       BLOB NOT NULL,
  log_key          BLOB NOT NULL,
  tls_certificate  BLOB NOT NULL,
  ca_certificate   BLOB NOT NULL,
  version          TEXT NOT NULL DEFAULT '',
  last_check_in_ms INTEGER NOT NULL DEFAULT 0,
  uptime_ms        INTEGER NOT NULL DEFAULT 0,
  trust_version    INTEGER NOT NULL DEFAULT 0,
  policy_version   INTEGER NOT NULL DEFAULT 0,
  log_size         INTEGER NOT NULL DEFAULT 0,
  backlog          INTEGER NOT NULL DEFAULT 0,
  open_incidents   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX appliance_by_site ON appliance (site_id, appliance_id);
CREATE UNIQUE INDEX appliance_bundle_key ON appliance (bundle_key);

CREATE TABLE log (
  origin       TEXT PRIMARY KEY,
  site_id      TEXT NOT NULL REFERENCES site,
  appliance_id TEXT NOT NULL REFERENCES appliance,
  epoch        INTEGER NOT NULL,
  vkey         TEXT NOT NULL,
  reason       TEXT NOT NULL,
  previous     BLOB NOT NULL, -- last cosigned checkpoint of the epoch before
  created_ms   INTEGER NOT NULL,
  UNIQUE (site_id, epoch)
) STRICT;
CREATE INDEX log_by_appliance ON log (appliance_id, epoch);

-- What the witness last signed, one row an origin. size only grows.
CREATE TABLE witness (
  origin     TEXT PRIMARY KEY REFERENCES log,
  size       INTEGER NOT NULL,
  root       BLOB NOT NULL,
  chain      BLOB NOT NULL, -- chain hash of the last entry
  checkpoint BLOB NOT NULL, -- with the cosignature
  updated_ms INTEGER NOT NULL
) STRICT;
CREATE TRIGGER witness_grows BEFORE UPDATE ON witness WHEN new.size <= old.size
BEGIN SELECT RAISE(ABORT, 'a witnessed size only grows'); END;
CREATE TRIGGER witness_stays BEFORE DELETE ON witness
BEGIN SELECT RAISE(ABORT, 'witness rows are never deleted'); END;

-- Merkle tree nodes by their index in tlog's stored order.
CREATE TABLE log_node (
  origin TEXT NOT NULL,
  node   INTEGER NOT NULL,
  hash   BLOB NOT NULL,
  PRIMARY KEY (origin, node)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER log_node_fixed BEFORE UPDATE ON log_node
BEGIN SELECT RAISE(ABORT, 'log nodes are insert-only'); END;
CREATE TRIGGER log_node_stays BEFORE DELETE ON log_node
BEGIN SELECT RAISE(ABORT, 'log nodes are insert-only'); END;

CREATE TABLE log_entry (
  entry_id       INTEGER PRIMARY KEY, -- order of arrival
  origin         TEXT NOT NULL,
  position       INTEGER NOT NULL,
  site_id        TEXT NOT NULL,
  bundle_id      TEXT NOT NULL,
  bundle_hash    BLOB NOT NULL,
  signature_hash BLOB NOT NULL,
  batch          TEXT NOT NULL, -- archive file that holds the bytes
  taken_ms       INTEGER NOT NULL,
  UNIQUE (origin, position)
) STRICT;
CREATE INDEX log_entry_bundle ON log_entry (site_id, bundle_id);
CREATE TRIGGER log_entry_fixed BEFORE UPDATE ON log_entry
BEGIN SELECT RAISE(ABORT, 'log entries are insert-only'); END;
CREATE TRIGGER log_entry_stays BEFORE DELETE ON log_entry
BEGIN SELECT RAISE(ABORT, 'log entries are insert-only'); END;

-- What a bundle says of itself, for lists. One row a bundle id.
CREATE TABLE evidence (
  site_id     TEXT NOT NULL,
  bundle_id   TEXT NOT NULL,
  entry_id    INTEGER NOT NULL UNIQUE REFERENCES log_entry,
  bundle_hash BLOB NOT NULL,
  host_id     TEXT NOT NULL,
  check_id    TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  kind        TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  made_ms     INTEGER NOT NULL,
  agent_id    TEXT NOT NULL,
  queue_id    TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  summary     TEXT NOT NULL,
  PRIMARY KEY (site_id, bundle_id)
) STRICT;
CREATE INDEX evidence_by_entry ON evidence (site_id, entry_id);
CREATE INDEX evidence_by_host ON evidence (site_id, host_id, entry_id);
CREATE INDEX evidence_by_incident ON evidence (site_id, incident_id, entry_id);
CREATE TRIGGER evidence_fixed BEFORE UPDATE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is insert-only'); END;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is insert-only'); END;

-- Projections of the bundles, made again by rebuild.
CREATE TABLE host (
  site_id     TEXT NOT NULL,
  host_id     TEXT NOT NULL,
  hostname    TEXT NOT NULL,
  device_type TEXT NOT NULL,
  source      TEXT NOT NULL,
  agent_id    TEXT NOT NULL,
  evidence_ms INTEGER NOT NULL, -- received time of its newest bundle
  PRIMARY KEY (site_id, host_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (
  site_id     TEXT NOT NULL,
  host_id     TEXT NOT NULL,
  check_id    TEXT NOT NULL,
  source      TEXT NOT NULL,
  status      TEXT NOT NULL,
  severity    TEXT NOT NULL,
  actual      TEXT NOT NULL,
  expected    TEXT NOT NULL,
  reason      TEXT NOT NULL,
  drift_type  TEXT NOT NULL,
  citation    TEXT NOT NULL,
  observed_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  bundle_id   TEXT NOT NULL,
  PRIMARY KEY (site_id, host_id, check_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_count ON verdict (site_id, host_id, status, received_ms);

CREATE TABLE incident (
  site_id     TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  host_id     TEXT NOT NULL,
  hostname    TEXT NOT NULL,
  check_id    TEXT NOT NULL,
  drift_type  TEXT NOT NULL,
  severity    TEXT NOT NULL,
  state       TEXT NOT NULL,
  level       TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  runbook_id  TEXT NOT NULL,
  summary     TEXT NOT NULL,
  opened_ms   INTEGER NOT NULL,
  changed_ms  INTEGER NOT NULL,
  sources     TEXT NOT NULL, -- that still see the drift, separated by spaces
  PRIMARY KEY (site_id, incident_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_by_state ON incident (site_id, state, host_id);
CREATE INDEX incident_by_check ON incident (site_id, host_id, check_id, opened_ms);

-- What the last check-in said of each host; replaced whole.
CREATE TABLE host_live (
  site_id       TEXT NOT NULL,
  host_id       TEXT NOT NULL,
  appliance_id  TEXT NOT NULL,
  agent_id      TEXT NOT NULL,
  hostname      TEXT NOT NULL,
  os            TEXT NOT NULL,
  os_version    TEXT NOT NULL,
  agent_version TEXT NOT NULL,
  source        TEXT NOT NULL,
  connected     INTEGER NOT NULL,
  last_seen_ms  INTEGER NOT NULL,
  asserted      INTEGER NOT NULL,
  quarantined   INTEGER NOT NULL,
  dropped       INTEGER NOT NULL,
  reported_ms   INTEGER NOT NULL,
  PRIMARY KEY (site_id, host_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_live_by_agent ON host_live (site_id, agent_id);

CREATE TABLE trust_doc (
  site_id    TEXT NOT NULL REFERENCES site,
  version    INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  issued_ms  INTEGER NOT NULL,
  chain      BLOB NOT NULL, -- trust.v1.TrustChain
  PRIMARY KEY (site_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE policy (
  site_id    TEXT NOT NULL REFERENCES site,
  version    INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  issued_ms  INTEGER NOT NULL,
  envelope   BLOB NOT NULL, -- trust.v1.SignedEnvelope
  PRIMARY KEY (site_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked_agent (
  site_id    TEXT NOT NULL REFERENCES site,
  agent_id   TEXT NOT NULL,
  reason     TEXT NOT NULL,
  revoked_ms INTEGER NOT NULL,
  PRIMARY KEY (site_id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
  token_hash BLOB PRIMARY KEY,
  name       TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  revoked_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE login_code (
  code_hash  BLOB PRIMARY KEY,
  expires_ms INTEGER NOT NULL,
  used_ms    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE session (
  session_hash BLOB PRIMARY KEY,
  name         TEXT NOT NULL,
  created_ms   INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
  audit_id INTEGER PRIMARY KEY,
  at_ms    INTEGER NOT NULL,
  actor    TEXT NOT NULL,
  action   TEXT NOT NULL,
  site_id  TEXT NOT NULL,
  subject  TEXT NOT NULL,
  outcome  TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
