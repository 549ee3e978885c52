-- DNS names of accounts that are not looked after: who else has one of them is not
-- signed in to.
CREATE TABLE directory_other (
	target_id TEXT NOT NULL,
	guid      TEXT NOT NULL, -- objectGUID, as in directory_computer
	dns_name  TEXT NOT NULL,
	PRIMARY KEY (target_id, guid)
) WITHOUT ROWID;
