-- What operators ordered an appliance to do, and what it said of each. The
-- envelope is signed when it is sent.
CREATE TABLE appliance_order (
  appliance_id TEXT NOT NULL REFERENCES appliance,
  sequence     INTEGER NOT NULL,
  site_id      TEXT NOT NULL REFERENCES site,
  order_id     BLOB NOT NULL UNIQUE,
  not_after_ms INTEGER NOT NULL,
  body         BLOB NOT NULL, -- central.v1.Order
  PRIMARY KEY (appliance_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX appliance_order_by_site ON appliance_order (site_id, sequence, order_id);
CREATE TRIGGER appliance_order_fixed BEFORE UPDATE ON appliance_order
BEGIN SELECT RAISE(ABORT, 'orders are insert-only'); END;
CREATE TRIGGER appliance_order_stays BEFORE DELETE ON appliance_order
BEGIN SELECT RAISE(ABORT, 'orders are insert-only'); END;

-- The newest report of each order. One that is done stays as it is.
CREATE TABLE order_report (
  order_id   BLOB PRIMARY KEY,
  state      INTEGER NOT NULL, -- central.v1.OrderState
  body       BLOB NOT NULL,    -- central.v1.OrderReport
  heard_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sequence of the newest order that an appliance took, as it said.
CREATE TABLE order_mark (
  appliance_id TEXT PRIMARY KEY REFERENCES appliance,
  sequence     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
