# What protects from malware, what notices changed files, and whether access control
# is enforced.
osiris_now=$(date +%s) || fail 'the time cannot be read'
osiris_unit() { # UNIT: what its manager calls it, or nothing where there is no such unit
  osiris_show=$(systemctl show -p LoadState -p ActiveState "$1" 2>/dev/null) || return 0
  case $osiris_show in
    *LoadState=loaded* | *LoadState=masked*) printf '%s\n' "$osiris_show" | sed -n 's/^ActiveState=//p' ;;
  esac
}
osiris_age() { # FACT UNIT-SECONDS FILE...: age of the newest
  osiris_fact=$1
  osiris_at=0
  shift
  for osiris_file in "$@"; do
    [ -s "$osiris_file" ] || continue
    osiris_one=$(stat -L -c %Y "$osiris_file" 2>/dev/null) || fail "$osiris_file cannot be looked at"
    if [ "$osiris_one" -gt "$osiris_at" ]; then osiris_at=$osiris_one; fi
  done
  if [ "$osiris_at" -gt 0 ]; then
    osiris_one=$(((osiris_now - osiris_at) / 3600))
    if [ "$osiris_one" -lt 0 ]; then osiris_one=0; fi
    fact "$osiris_fact" "$osiris_one"
  fi
}
osiris_openrc=
if ! command -v systemctl >/dev/null; then
  command -v rc-service >/dev/null || fail 'there is no service manager that this can ask'
  osiris_openrc=yes
fi
osiris_state() {
  if [ -z "$osiris_openrc" ]; then
    osiris_unit "$1"
  elif [ -e "/etc/init.d/${1%.service}" ]; then
    if rc-service -q "${1%.service}" status >/dev/null 2>&1; then printf 'active\n'; else printf 'inactive\n'; fi
  fi
}

# Units by the names that the makers gave them. The names of ClamAV's server differ.
for osiris_name in clamav-daemon.service clamd@scan.service clamd.service falcon-sensor.service mdatp.service sentinelone.service \
  sentinelagent.service cbagentd.service cbdaemon.service wazuh-agent.service sophos-spl.service ds_agent.service eea.service eraagent.service \
  xagt.service cylancesvc.service cyserver.service traps_pmd.service elastic-endpoint.service ElasticEndpoint.service bdsec.service \
  kesl.service avast.service savd.service; do
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
  for osiris_name in dailyaidecheck.timer aidecheck.timer aide.timer aide-check.timer; do
    if [ "$(osiris_state "$osiris_name")" = active ]; then osiris_runs=yes; fi
  done
  for osiris_file in /etc/cron.daily/*aide* /etc/cron.d/*aide* /etc/cron.weekly/*aide* /etc/periodic/daily/*aide*; do
    if [ -e "$osiris_file" ]; then osiris_runs=yes; fi
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
elif [ -e /run/systemd/container ] || [ -e /.dockerenv ] || [ ! -d /sys/kernel ]; then
  fact mandatory_access unread
else
  fact mandatory_access off
fi
