-- What go-tuf trusts (shared/release/tuf), and why the folder is not offered,
-- empty while it is. One row.
CREATE TABLE update_trust (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	kept    BLOB NOT NULL,
	refused TEXT NOT NULL
);
-- 1: the agent runs the program on trial; what became of it follows.
ALTER TABLE update_result ADD COLUMN trying INTEGER NOT NULL DEFAULT 0;
