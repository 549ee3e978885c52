-- The hosts that Central names, as they came; one row, replaced whole.
CREATE TABLE target_list (
	one   INTEGER PRIMARY KEY CHECK (one = 1),
	state BLOB NOT NULL, -- what Central calls this list
	body  BLOB NOT NULL  -- central.v1.CheckInResponse with the three lists only
);
