mutable_etc 'services.timesyncd.enable'
if in_container; then
  fail "the clock is that of the container's host"
fi
osiris_daemon=
osiris_first=
for osiris_unit in chrony chronyd systemd-timesyncd ntpsec ntp ntpd openntpd; do
  service_there "$osiris_unit" || continue
  osiris_first=${osiris_first:-$osiris_unit}
  if [ -z "$osiris_daemon" ] && service_active "$osiris_unit"; then
    osiris_daemon=$osiris_unit
  fi
done
[ -n "$osiris_first" ] || fail 'no time daemon is installed'
osiris_before=$(service_state "${osiris_daemon:-$osiris_first}")
osiris_undo() {
  osiris_boots=${osiris_before##* } osiris_before=${osiris_before% *}
  service_restore "${osiris_before%% *}" "${osiris_before##* }" "$osiris_boots"
  fail "$1"
}
# One daemon alone may keep the clock: whichever runs, else the first that is there.
if [ -n "$osiris_daemon" ]; then
  service_do restart "$osiris_daemon" || osiris_undo "$osiris_daemon does not restart"
else
  osiris_daemon=$osiris_first
  service_do enable "$osiris_daemon" || osiris_undo "$osiris_daemon cannot be enabled"
  service_do start "$osiris_daemon" || osiris_undo "$osiris_daemon does not start"
fi
service_enabled "$osiris_daemon" || service_do enable "$osiris_daemon" || osiris_undo "$osiris_daemon cannot be enabled"
service_active "$osiris_daemon" || osiris_undo "$osiris_daemon does not run here"
changed
chronyc online >/dev/null 2>&1
# A first answer takes seconds.
osiris_tries=0
while [ "$(clock_unsynchronised)" != no ] && [ "$osiris_tries" -lt 20 ]; do
  osiris_tries=$((osiris_tries + 1))
  sleep 2
done
if [ "$osiris_tries" -ge 20 ]; then
  note "$osiris_daemon runs and has found no source so far: look at the servers that it is set to ask."
fi
