# Units as they are, and inetd.conf whole: a line "unit NAME STATE START" each, then
# the file.
osiris_lines=
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  osiris_lines=$(for osiris_unit in telnet.socket rsh.socket rlogin.socket rexec.socket telnetd.service inetutils-telnetd.socket in.telnetd.service rshd.service rlogind.service; do
    osiris_show=$(systemctl show -p LoadState -p ActiveState -p UnitFileState "$osiris_unit" 2>/dev/null) || exit 1
    printf '%s\n' "$osiris_show" | awk -F= -v unit="$osiris_unit" '{ has[$1] = $2 } END { if (has["LoadState"] == "loaded") print "unit", unit, has["ActiveState"], has["UnitFileState"] }'
  done) || fail 'systemd cannot be asked'
fi
state "units
$osiris_lines"
if [ -L /etc/inetd.conf ]; then
  fail '/etc/inetd.conf is a link'
elif [ -f /etc/inetd.conf ]; then
  osiris_content=$(cat /etc/inetd.conf) || fail '/etc/inetd.conf cannot be read'
  state inetd
  state "$osiris_content"
fi
