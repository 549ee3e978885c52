-- What people at Central ordered. The newest row is never deleted: its sequence
-- is what older ones are told by.
CREATE TABLE central_order (
	id        TEXT PRIMARY KEY, -- 32 hexadecimal digits
	sequence  INTEGER NOT NULL UNIQUE,
	state     TEXT NOT NULL,    -- taken, running or done
	body      BLOB NOT NULL,    -- central.v1.Order, as it was signed
	taken_ms  INTEGER NOT NULL,
	begun_ms  INTEGER NOT NULL,
	ended_ms  INTEGER NOT NULL,
	detail    TEXT NOT NULL,    -- what it waits for
	result    BLOB NOT NULL,    -- central.v1.OrderResult, until Central has it
	told      INTEGER NOT NULL  -- 1: Central has the result
) WITHOUT ROWID;
CREATE INDEX central_order_told ON central_order (told, sequence);
