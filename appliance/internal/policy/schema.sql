-- The newest signed documents, as their exact protobuf bytes.
CREATE TABLE document (
	kind TEXT PRIMARY KEY, -- trust or policy
	body BLOB NOT NULL
) WITHOUT ROWID;
