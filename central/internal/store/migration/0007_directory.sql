-- What an appliance read in the domains of its site, as it told it last.
CREATE TABLE directory (
  site_id      TEXT NOT NULL REFERENCES site,
  appliance_id TEXT NOT NULL REFERENCES appliance,
  state        BLOB NOT NULL, -- the appliance's word for this report
  body         BLOB NOT NULL, -- central.v1.DirectoryReport
  taken_ms     INTEGER NOT NULL,
  PRIMARY KEY (site_id, appliance_id)
) STRICT;

-- What the directory says of an agent that waits; central.v1.HostStatus has the words.
ALTER TABLE host_live ADD COLUMN directory TEXT NOT NULL DEFAULT '';

-- The credential that a domain's computers are scanned with; empty for other targets.
ALTER TABLE target ADD COLUMN scan_with TEXT NOT NULL DEFAULT '';
