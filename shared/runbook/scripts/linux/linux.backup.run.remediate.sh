# Each job of systemd whose last success is too old is run now, one after another,
# as its own unit says: it goes on where this connection breaks.
command -v systemctl >/dev/null || fail 'this runs jobs of systemd, which is not here'
whole_number "$OSIRIS_P_max_age_hours" || fail 'max_age_hours is no number'
osiris_now=$(date +%s) || fail 'the time cannot be read'
osiris_jobs=$(backup_jobs) || fail 'systemd cannot be asked'
osiris_due=$(printf '%s\n' "$osiris_jobs" | awk -v now="$osiris_now" -v most="$OSIRIS_P_max_age_hours" 'NF && int((now - $2) / 3600) > most { print $1 }')
[ -n "$osiris_due" ] || fail 'systemd has no backup job here that is due: a person has to see to it'
for osiris_unit in $osiris_due; do
  osiris_words=$(unit_words "$osiris_unit") || fail 'systemd cannot be asked'
  case $osiris_words in
    'loaded activ'*)
      note "$osiris_unit is running already."
      continue
      ;;
  esac
  changed
  # One that failed too often is held back until this.
  systemctl reset-failed "$osiris_unit" >/dev/null 2>&1
  systemctl start "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit did not succeed; the journal says why"
  note "$osiris_unit ran."
done
