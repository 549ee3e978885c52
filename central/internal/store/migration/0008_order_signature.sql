-- An order is signed when it is asked for, and sent as it was signed: what stands
-- here without a signature of Central's online key is never sent.
ALTER TABLE appliance_order ADD COLUMN key_id BLOB;
ALTER TABLE appliance_order ADD COLUMN signature BLOB;

-- What came first: that an order was given to its appliance, or that an operator
-- withdrew it. Withdrawn is never given.
CREATE TABLE order_step (
  order_id   BLOB PRIMARY KEY REFERENCES appliance_order (order_id),
  cancelled  INTEGER NOT NULL, -- 1: withdrawn, 0: given
  person     TEXT NOT NULL,    -- who withdrew it
  made_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER order_step_fixed BEFORE UPDATE ON order_step
BEGIN SELECT RAISE(ABORT, 'order steps are insert-only'); END;
CREATE TRIGGER order_step_stays BEFORE DELETE ON order_step
BEGIN SELECT RAISE(ABORT, 'order steps are insert-only'); END;
