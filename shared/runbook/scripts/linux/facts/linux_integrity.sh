# What protects from malware, what notices changed files, and whether access control
# is enforced.
osiris_now=$(date +%s) || fail 'the time cannot be read'
osiris_unit() { # UNIT: what its manager calls it, or nothing where there is no such unit
  osiris_words=$(unit_words "$1") || return 0
  case $osiris_words in
    'loaded '* | 'masked '*)
      osiris_words=${osiris_words#* }
      printf '%s\n' "${osiris_words%% *}"
      ;;
  esac
}
osiris_age() { # FACT FILE...: age of the newest
  osiris_fact=$1
  shift
  osiris_at=$(newest "$@")
  if [ -n "$osiris_at" ]; then
    # Of the future says nothing.
    if [ "$osiris_at" -le "$((osiris_now + 60))" ]; then fact "$osiris_fact" "$(((osiris_now - osiris_at) / 3600))"; fi
  fi
}
osiris_openrc=
if ! command -v systemctl >/dev/null; then
  command -v rc-service >/dev/null || fail 'there is no service manager that this can ask'
  osiris_openrc=yes
elif ! unit_words basic.target >/dev/null; then
  fail 'systemd cannot be asked'
fi
osiris_state() {
  if [ -z "$osiris_openrc" ]; then
    osiris_unit "$1"
  elif [ -e "/etc/init.d/${1%.service}" ]; then
    if rc-service -q "${1%.service}" status >/dev/null 2>&1; then printf 'active\n'; else printf 'inactive\n'; fi
  fi
}

osiris_names=$(guard_units) || fail 'systemd cannot be asked'
for osiris_name in $osiris_names; do
  osiris_is=$(osiris_state "$osiris_name")
  if [ -n "$osiris_is" ]; then
    fact guard "Name=$osiris_name;State=$osiris_is"
    case $osiris_name in
      clam*) osiris_age signature_age_hours /var/lib/clamav/daily.cvd /var/lib/clamav/daily.cld ;;
    esac
  fi
done

if command -v aide >/dev/null; then
  osiris_base=
  for osiris_file in /var/lib/aide/aide.db /var/lib/aide/aide.db.gz; do
    if [ -s "$osiris_file" ]; then osiris_base=yes; fi
  done
  # A list alone compares nothing: something has to run it.
  osiris_runs=
  for osiris_name in $osiris_watchers; do
    if [ "$(osiris_state "$osiris_name")" = active ]; then osiris_runs=yes; fi
  done
  for osiris_file in /etc/cron.daily/*aide* /etc/cron.d/*aide* /etc/cron.weekly/*aide* /etc/periodic/daily/*aide*; do
    # Debian's file leaves it to a timer where systemd runs.
    if [ -e "$osiris_file" ] && { [ -n "$osiris_openrc" ] || ! grep -qs '/run/systemd/system' "$osiris_file"; }; then osiris_runs=yes; fi
  done
  if [ -z "$osiris_runs" ] && grep -qs '^[^#]*aide' /etc/crontab /var/spool/cron/crontabs/root /var/spool/cron/root; then osiris_runs=yes; fi
  if [ -n "$osiris_base" ] && [ -n "$osiris_runs" ]; then
    fact watcher 'Name=aide;State=active'
  elif [ -n "$osiris_base" ]; then
    fact watcher 'Name=aide;State=inactive'
  else
    fact watcher 'Name=aide;State=missing'
  fi
  osiris_age watcher_age_hours /var/lib/aide/aide.db /var/lib/aide/aide.db.gz
fi
for osiris_name in wazuh-agent.service samhain.service ossec.service; do
  osiris_is=$(osiris_state "$osiris_name")
  if [ -n "$osiris_is" ]; then fact watcher "Name=$osiris_name;State=$osiris_is"; fi
done

if [ -r /sys/fs/selinux/enforce ]; then
  case $(cat /sys/fs/selinux/enforce) in
    1) fact mandatory_access enforcing ;;
    0) fact mandatory_access permissive ;;
    *) fact mandatory_access unread ;;
  esac
elif [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; then
  # NAME (enforce), NAME (complain)
  if osiris_profiles=$(cat /sys/kernel/security/apparmor/profiles 2>/dev/null); then
    if printf '%s\n' "$osiris_profiles" | grep -q '(enforce)$'; then
      fact mandatory_access enforcing
    else
      fact mandatory_access complain
    fi
  else
    fact mandatory_access unread
  fi
elif in_container || [ ! -d /sys/kernel ]; then
  fact mandatory_access unread
else
  fact mandatory_access off
fi
