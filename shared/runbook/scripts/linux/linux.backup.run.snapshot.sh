# A backup that was made stays; what is kept is which jobs there were.
command -v systemctl >/dev/null || fail 'this runs jobs of systemd, which is not here'
osiris_units=$(systemctl list-unit-files --type=service --no-legend --no-pager --plain 2>/dev/null) || fail 'systemd cannot be asked'
state "$(printf '%s\n' "$osiris_units" | awk '/restic|borg|duplicity|kopia|rsnapshot|rdiff-backup|backup|pgbackrest|barman/ && ++count <= 100 { print $1, $2 }')"
