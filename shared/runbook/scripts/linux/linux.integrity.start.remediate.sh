# What is installed is started, and starts by itself from now on. Nothing is
# installed, and SELinux and AppArmor are left as they are.
command -v systemctl >/dev/null || fail 'this starts units of systemd, which is not here'
osiris_started=
osiris_names=$(guard_units) || fail 'systemd cannot be asked'
for osiris_unit in clamav-freshclam.service samhain.service ossec.service $osiris_names $osiris_watchers; do
  osiris_words=$(unit_words "$osiris_unit") || fail 'systemd cannot be asked'
  case $osiris_words in
    'masked '*)
      note "$osiris_unit is masked by somebody, and was left."
      continue
      ;;
    'loaded active'*) continue ;;
    'loaded '*) ;;
    *) continue ;;
  esac
  case $osiris_unit in
    clamav-daemon.service | clamd*)
      # It holds its signatures in memory; a server that runs out of it loses more.
      osiris_free=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo) || fail 'the memory cannot be read'
      if [ "${osiris_free:-0}" -lt 1800 ]; then
        note "$osiris_unit was left: it needs 1.5 GB of memory, and ${osiris_free:-0} MB are free."
        continue
      fi
      ;;
  esac
  changed
  case $osiris_words in
    *' disabled') systemctl enable "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be enabled" ;;
  esac
  systemctl start "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit does not start"
  note "$osiris_unit was started."
  osiris_started=yes
done
[ -n "$osiris_started" ] || fail 'there is nothing here to start: a person has to see to it'
