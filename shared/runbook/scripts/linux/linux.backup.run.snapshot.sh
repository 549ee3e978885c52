# A backup that was made stays; what is kept is which jobs there were.
command -v systemctl >/dev/null || fail 'this runs jobs of systemd, which is not here'
osiris_jobs=$(backup_jobs) || fail 'systemd cannot be asked'
state "$osiris_jobs"
