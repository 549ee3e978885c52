# Units as they are, a line each, then inetd.conf with its mode, its owner and a dot
# behind its last byte: a shell drops line ends there.
osiris_kept=absent
if [ -e /etc/inetd.conf ] || [ -L /etc/inetd.conf ]; then
  keep_file /etc/inetd.conf
  osiris_kept=$(cat /etc/inetd.conf && printf .) || fail '/etc/inetd.conf cannot be read'
  osiris_kept=present$osiris_feed$osiris_kept
  osiris_mode=$(stat -c '%a %u:%g' /etc/inetd.conf) || fail '/etc/inetd.conf cannot be looked at'
fi
osiris_lines=
if osiris_systemd; then
  # shellcheck disable=SC2086 # a list of units
  osiris_lines=$(keep_units $osiris_open_logins) || fail 'systemd cannot be asked'
fi
state units
if [ -n "$osiris_lines" ]; then state "$osiris_lines"; fi
state "inetd ${osiris_mode:-0 0:0}"
state "$osiris_kept"
