-- The newest signature list, as its exact envelope bytes.
CREATE TABLE signature_list (
	one  INTEGER PRIMARY KEY CHECK (one = 1),
	body BLOB NOT NULL
)
