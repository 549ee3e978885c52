# Each job of systemd whose last success is too old is run now, one after another,
# as its own unit says: it goes on where this connection breaks.
command -v systemctl >/dev/null || fail 'this runs jobs of systemd, which is not here'
case $OSIRIS_P_max_age_hours in
  '' | *[!0-9]*) fail 'max_age_hours is no number' ;;
esac
osiris_now=$(date +%s) || fail 'the time cannot be read'
osiris_up=$(awk '{ printf "%.0f", $1 }' /proc/uptime) || fail 'the time since boot cannot be read'
osiris_units=$(systemctl list-unit-files --type=service --no-legend --no-pager --plain 2>/dev/null) || fail 'systemd cannot be asked'
osiris_ran=
for osiris_unit in $(printf '%s\n' "$osiris_units" | awk '
  $1 ~ /^[A-Za-z0-9_.:-]+\.service$/ && $2 != "masked" && $1 !~ /^(dpkg-db-backup|rpmdb-)/ && $1 ~ /restic|borg|duplicity|kopia|rsnapshot|rdiff-backup|backup|pgbackrest|barman/ { print $1 }'); do
  osiris_show=$(systemctl show -p Type -p TriggeredBy -p ActiveState -p Result -p ExecMainStatus -p ExecMainExitTimestampMonotonic "$osiris_unit" 2>/dev/null) ||
    fail "$osiris_unit cannot be looked at"
  case $osiris_show in
    *Type=oneshot* | *TriggeredBy=?*) ;;
    *) continue ;;
  esac
  case $osiris_show in
    *ActiveState=activating* | *ActiveState=active*)
      note "$osiris_unit is running already."
      osiris_ran=yes
      continue
      ;;
  esac
  osiris_at=$(printf '%s\n' "$osiris_show" | awk -F= -v boot=$((osiris_now - osiris_up)) '
    { has[$1] = $2 }
    END { if (has["Result"] == "success" && has["ExecMainStatus"] == 0 && has["ExecMainExitTimestampMonotonic"] > 0) printf "%.0f", boot + has["ExecMainExitTimestampMonotonic"] / 1000000 }')
  if [ -z "$osiris_at" ]; then
    osiris_at=$(journalctl -q --no-pager -n 1 -o short-unix -u "$osiris_unit" MESSAGE_ID=7ad2d189f7e94e70a38c781354912448 2>/dev/null |
      awk '$1 ~ /^[0-9]+\.[0-9]+$/ { split($1, at, "."); print at[1]; exit }')
  fi
  if [ -n "$osiris_at" ] && [ $(((osiris_now - osiris_at) / 3600)) -le "$OSIRIS_P_max_age_hours" ]; then
    continue
  fi
  changed
  osiris_ran=yes
  # One that failed too often is held back until this.
  systemctl reset-failed "$osiris_unit" >/dev/null 2>&1
  if systemctl start "$osiris_unit" >/dev/null 2>&1; then
    note "$osiris_unit ran."
  else
    fail "$osiris_unit did not succeed; the journal says why"
  fi
done
[ -n "$osiris_ran" ] || fail 'systemd has no backup job here that is due: a person has to see to it'
