# State and start of every unit that remediate may start.
command -v systemctl >/dev/null || fail 'this starts units of systemd, which is not here'
osiris_names=$(guard_units) || fail 'systemd cannot be asked'
# shellcheck disable=SC2086 # lists of units
osiris_kept=$(keep_units clamav-freshclam.service samhain.service ossec.service $osiris_names $osiris_watchers) || fail 'systemd cannot be asked'
[ -n "$osiris_kept" ] || fail 'nothing that could be started is installed'
state "$osiris_kept"
