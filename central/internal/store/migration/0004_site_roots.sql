-- Roots of a site that another took the place of. While removed_ms is 0 one is
-- live beside that of the site's row.
CREATE TABLE former_root (
  site_id      TEXT NOT NULL REFERENCES site,
  root_der     BLOB NOT NULL,
  root_wrapped BLOB NOT NULL,
  replaced_ms  INTEGER NOT NULL,
  removed_ms   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site_id, root_der)
) STRICT, WITHOUT ROWID;
