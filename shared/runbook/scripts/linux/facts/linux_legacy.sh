# What listens, as the kernel says, and what would listen after the next start.
[ -r /proc/net/tcp ] || fail 'what listens cannot be read'
osiris_ports=$(for osiris_file in /proc/net/tcp /proc/net/tcp6; do
  if [ -r "$osiris_file" ]; then cat "$osiris_file"; fi
done | awk '$4 == "0A" { split($2, at, ":"); print at[2] }' | sort -u) || fail 'what listens cannot be read'
fact listeners_read yes
for osiris_port in $osiris_ports; do
  # 514 is syslog's too, so it counts only where a name below says so.
  case $osiris_port in
    0017) fact legacy 'Name=telnet;How=listens' ;;
    0200) fact legacy 'Name=rexec;How=listens' ;;
    0201) fact legacy 'Name=rlogin;How=listens' ;;
  esac
done
if osiris_systemd; then
  for osiris_unit in $osiris_open_logins; do
    osiris_words=$(unit_words "$osiris_unit") || fail 'systemd cannot be asked'
    case $osiris_words in
      'loaded activ'* | 'loaded '*' enabled') fact legacy "Name=$osiris_unit;How=${osiris_unit##*.}" ;;
    esac
  done
fi
osiris_super() { # NAME HOW LINES
  printf '%s\n' "$2" | while IFS= read -r osiris_service; do
    if [ -n "$osiris_service" ]; then fact legacy "Name=$osiris_service;How=$1"; fi
  done
}
osiris_files=
for osiris_file in /etc/inetd.conf /etc/inetd.d/*; do
  if [ -f "$osiris_file" ]; then osiris_files=yes; fi
done
if [ -n "$osiris_files" ]; then
  osiris_lines=$(for osiris_file in /etc/inetd.conf /etc/inetd.d/*; do
    if [ -f "$osiris_file" ]; then cat "$osiris_file"; fi
  done | awk '$1 ~ /^([^ ]*:)?(telnet|shell|login|exec)$/ { sub(/^.*:/, "", $1); print $1 }' | sort -u) || fail 'inetd.conf cannot be read'
  osiris_super inetd "$osiris_lines"
fi
for osiris_file in /etc/xinetd.d/*; do
  [ -f "$osiris_file" ] || continue
  osiris_lines=$(awk '
    $1 == "service" { name = $2 } /^[ \t]*disable[ \t]*=[ \t]*yes[ \t]*$/ { off = 1 }
    /}/ { if (!off && name ~ /^(telnet|shell|login|exec|rsh|rlogin|rexec)$/) print name; off = 0 }' "$osiris_file") || fail "$osiris_file cannot be read"
  osiris_super xinetd "$osiris_lines"
done
