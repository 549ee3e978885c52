# Jobs, and when each succeeded last. Success of a job is systemd's word for how it
# ended, which the journal keeps over a restart by the number of the message.
osiris_now=$(date +%s) || fail 'the time cannot be read'
osiris_row() { # PRODUCT STATE TIME
  osiris_text="Product=$(printf '%s' "$1" | sed 's/[;\\]/\\&/g');State=$2"
  case $3 in
    '' | *[!0-9]*) ;;
    *)
      osiris_age=$(((osiris_now - $3) / 3600))
      if [ "$osiris_age" -lt 0 ]; then fail 'a backup succeeded in the future: the clock is wrong'; fi
      osiris_text="$osiris_text;AgeHours=$osiris_age"
      ;;
  esac
  fact backup "$osiris_text"
}
osiris_is_backup() { # NAME: dpkg's own copies of its lists are no backup of data
  case $1 in
    dpkg-db-backup* | rpmdb-* | *@.service | *@.timer) return 1 ;;
    *restic* | *borg* | *duplicity* | *duplicati* | *kopia* | *rsnapshot* | *rdiff-backup* | *backup* | *pgbackrest* | *barman*) return 0 ;;
  esac
  return 1
}
# osiris_succeeded UNIT: when it last ended well, in seconds of the clock.
osiris_succeeded() {
  osiris_show=$(systemctl show -p Result -p ExecMainStatus -p ExecMainExitTimestampMonotonic "$1" 2>/dev/null) || return 0
  osiris_mono=$(printf '%s\n' "$osiris_show" | awk -F= '
    $1 == "Result" { result = $2 } $1 == "ExecMainStatus" { status = $2 } $1 == "ExecMainExitTimestampMonotonic" { at = $2 }
    END { if (result == "success" && status == 0 && at > 0) printf "%.0f", at / 1000000 }')
  if [ -n "$osiris_mono" ]; then
    osiris_up=$(awk '{ printf "%.0f", $1 }' /proc/uptime) || fail 'the time since boot cannot be read'
    printf '%s\n' $((osiris_now - osiris_up + osiris_mono))
    return 0
  fi
  journalctl -q --no-pager -n 1 -o short-unix -u "$1" MESSAGE_ID=7ad2d189f7e94e70a38c781354912448 2>/dev/null |
    awk '$1 ~ /^[0-9]+\.[0-9]+$/ { split($1, at, "."); print at[1]; exit }'
}

if command -v systemctl >/dev/null; then
  osiris_units=$(systemctl list-unit-files --type=service --type=timer --no-legend --no-pager --plain 2>/dev/null) || fail 'the service manager cannot be asked'
  osiris_count=0
  for osiris_unit in $(printf '%s\n' "$osiris_units" | awk '$1 ~ /^[A-Za-z0-9@_.:-]+\.service$/ && $2 != "masked" { print $1 }'); do
    case $osiris_unit in
      veeamservice.service | bacula-fd.service | bareos-fd.service | bareos-filedaemon.service | urbackupclientbackend.service | cohesity-agent.service | duplicati.service)
        osiris_row "${osiris_unit%.service}" agent ''
        continue
        ;;
    esac
    osiris_is_backup "$osiris_unit" || continue
    osiris_kind=$(systemctl show -p Type -p TriggeredBy "$osiris_unit" 2>/dev/null) || fail "$osiris_unit cannot be looked at"
    case $osiris_kind in
      *Type=oneshot* | *TriggeredBy=?*) ;;
      *) continue ;; # a server of that name, which makes no copies by itself
    esac
    osiris_count=$((osiris_count + 1))
    [ "$osiris_count" -le 20 ] || fail 'there are more than 20 backup jobs'
    osiris_row "${osiris_unit%.service}" job "$(osiris_succeeded "$osiris_unit")"
  done
fi

osiris_stamps=
for osiris_file in /var/lib/osiris/backup/*.success; do
  [ -f "$osiris_file" ] || continue
  osiris_stamps=yes
  osiris_at=$(stat -c %Y "$osiris_file" 2>/dev/null) || fail "$osiris_file cannot be looked at"
  osiris_name=${osiris_file##*/}
  osiris_row "${osiris_name%.success}" stamp "$osiris_at"
done
if [ -z "$osiris_stamps" ]; then
  # cron tells nobody whether a job succeeded.
  for osiris_file in /etc/crontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /var/spool/cron/crontabs/* /var/spool/cron/*; do
    if [ ! -f "$osiris_file" ] || [ "${osiris_file##*/}" = dpkg ]; then continue; fi
    if grep -Eqs '^[^#]*(restic|borg|duplicity|kopia|rsnapshot|rdiff-backup|pgbackrest|backup)' "$osiris_file"; then
      osiris_row "cron: ${osiris_file##*/}" cron ''
    fi
  done
fi
fact backups_looked yes
