# What the parts about upkeep share.

# Units of systemd: those of protection from malware by the names that their makers
# gave them, of what compares files with a list, and of logins without a cipher.
osiris_guards='clamav-daemon.service clamd.service falcon-sensor.service mdatp.service sentinelone.service sentinelagent.service
cbagentd.service cbdaemon.service wazuh-agent.service sophos-spl.service ds_agent.service eea.service eraagent.service xagt.service cylancesvc.service
cyserver.service traps_pmd.service elastic-endpoint.service ElasticEndpoint.service bdsec.service kesl.service avast.service savd.service'
osiris_watchers='dailyaidecheck.timer aidecheck.timer aide.timer aide-check.timer'
osiris_open_logins='telnet.socket rsh.socket rlogin.socket rexec.socket telnetd.service inetutils-telnetd.socket in.telnetd.service rshd.service rlogind.service'
# unit_words UNIT: LoadState, ActiveState and UnitFileState; the last may be empty.
unit_words() {
  osiris_shown=$(systemctl show -p LoadState -p ActiveState -p UnitFileState "$1" 2>/dev/null) || return 1
  printf '%s\n' "$osiris_shown" | awk -F= '{ has[$1] = $2 } END { print has["LoadState"], has["ActiveState"], has["UnitFileState"] }'
}
# guard_units: those that protect from malware, a line each. Instances of Red Hat's
# clamd@.service count where systemd has one: any name of a template is loaded.
guard_units() {
  # shellcheck disable=SC2086 # a list of units
  printf '%s\n' $osiris_guards
  if command -v systemctl >/dev/null; then
    osiris_instances=$(systemctl list-units --all --type=service --no-legend --no-pager --plain 'clamd@*.service' 2>/dev/null) || return 1
    printf '%s\n' "$osiris_instances" | awk '$1 ~ /^clamd@[A-Za-z0-9_.-]+[.]service$/ && $2 == "loaded" { print $1 }'
  fi
}
# keep_units UNIT...: a line "UNIT ActiveState UnitFileState" for each that is there.
keep_units() {
  for osiris_unit in "$@"; do
    osiris_words=$(unit_words "$osiris_unit") || return 1
    case $osiris_words in
      'loaded '*) printf '%s %s\n' "$osiris_unit" "${osiris_words#loaded }" ;;
    esac
  done
}
# restore_units, of such lines on its input.
restore_units() {
  while read -r osiris_unit osiris_was osiris_start; do
    case $osiris_unit in
      '') continue ;;
      *[!A-Za-z0-9@._-]* | -*) fail 'the snapshot is not one of this runbook' ;;
    esac
    osiris_words=$(unit_words "$osiris_unit") || fail 'systemd cannot be asked'
    osiris_words=${osiris_words#* }
    case $osiris_start/${osiris_words#* } in
      enabled/enabled | disabled/disabled) ;;
      enabled/*) osiris_verb=enable ;;
      disabled/*) osiris_verb=disable ;;
    esac
    if [ -n "${osiris_verb:-}" ]; then
      systemctl "$osiris_verb" "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be put back: $osiris_verb"
      changed
    fi
    osiris_verb=
    case $osiris_was/${osiris_words% *} in
      active/active | active/activating | active/reloading) ;;
      active/*) osiris_verb=start ;;
      # What loads for minutes, or falls over again and again, is activating.
      inactive/inactive | inactive/failed | failed/inactive | failed/failed) ;;
      inactive/* | failed/*) osiris_verb=stop ;;
    esac
    if [ -n "$osiris_verb" ]; then
      systemctl "$osiris_verb" "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be put back: $osiris_verb"
      changed
    fi
    osiris_verb=
  done
}

# backup_jobs: a line for each of systemd's units that makes a copy when a timer
# says so: its name, and when it ended well last, in seconds, or 0. Success is
# systemd's word for how a unit ended; over a restart the journal keeps it by the
# number of the message. What no timer starts is a person's tool, and may be one
# that writes a copy back.
backup_jobs() {
  osiris_listed=$(systemctl list-unit-files --type=service --no-legend --no-pager --plain 2>/dev/null) || return 1
  # Instances of a template are no files.
  osiris_instances=$(systemctl list-units --all --type=service --no-legend --no-pager --plain 2>/dev/null) || return 1
  osiris_instances=$(printf '%s\n' "$osiris_instances" | awk '$1 ~ /@./ { print $1 }')
  osiris_boot=$(awk -v now="$(date +%s)" 'now > 0 { printf "%.0f", now - $1 }' /proc/uptime) || return 1
  [ -n "$osiris_boot" ] || return 1
  # dpkg's and rpm's own copies of their lists are no backup of data.
  for osiris_unit in $(printf '%s\n%s\n' "$osiris_listed" "$osiris_instances" | awk '
    $1 ~ /^[A-Za-z0-9_.:@-]+\.service$/ && $1 !~ /@\.service$/ && $2 != "masked" && $1 !~ /^(dpkg-db-backup|rpmdb-)/ && !seen[$1]++ &&
      $1 ~ /restic|borg|btrbk|duplicity|kopia|rsnapshot|rdiff-backup|syncoid|backup|pgbackrest|barman/ &&
      $1 !~ /restore|recover|prune|forget|verif|unlock|delete|purge|cleanup|[-_.@:](checks?|u?n?mount|init|compact|test)[-_.@:]/ { print $1 }'); do
    osiris_shown=$(systemctl show -p TriggeredBy -p Result -p ExecMainStatus -p ExecMainExitTimestampMonotonic "$osiris_unit" 2>/dev/null) || return 1
    printf '%s\n' "$osiris_shown" | grep -Eq '^TriggeredBy=(.* )?[^ ]+\.timer( |$)' || continue
    osiris_at=$(printf '%s\n' "$osiris_shown" | awk -F= -v boot="$osiris_boot" '
      { has[$1] = $2 }
      END {
        at = has["ExecMainExitTimestampMonotonic"]
        if (has["Result"] == "success" && has["ExecMainStatus"] == 0 && at > 0) printf "%.0f", boot + at / 1000000
      }')
    if [ -z "$osiris_at" ]; then
      osiris_at=$(journalctl -q --no-pager -n 1 -o short-unix -u "$osiris_unit" MESSAGE_ID=7ad2d189f7e94e70a38c781354912448 2>/dev/null |
        awk '$1 ~ /^[0-9]+\.[0-9]+$/ { split($1, at, "."); print at[1]; exit }')
    fi
    printf '%s %s\n' "$osiris_unit" "${osiris_at:-0}"
  done
}

# security_plan OPTION...: apt's lines about the security updates that wait. Its words
# are of the program, not of a language: Inst NAME [OLD] (NEW LABEL:VERSION/SUITE, ...).
# Where another suite has a newer version, that one hides the mended one, so that each
# suite for security is asked for by itself too.
security_plan() {
  osiris_plan=$(apt-get -s "$@" dist-upgrade 2>/dev/null) || return 1
  osiris_suites=$(for osiris_file in /var/lib/apt/lists/*security*Release; do
    if [ -e "$osiris_file" ]; then sed -n 's/^Suite: \([a-z0-9.-]*-security\)$/\1/p' "$osiris_file"; fi
  done | sort -u)
  for osiris_suite in $osiris_suites; do
    # One that has no package is none.
    if ! osiris_more=$(apt-get -s "$@" -t "$osiris_suite" dist-upgrade 2>&1); then
      case $osiris_more in
        *'invalid for APT::Default-Release'*) continue ;;
        *) return 1 ;;
      esac
    fi
    osiris_plan=$osiris_plan$osiris_feed$osiris_more
  done
  printf '%s\n' "$osiris_plan" | awk '$1 == "Inst" && /Debian-Security:|[a-z]-security[], ]/'
}

# roots_alone PATH: nobody else can put something in its place meanwhile. Each
# folder above it, as far as /etc or /root, is one that only root writes.
roots_alone() {
  osiris_above=${1%/*}
  while [ "$osiris_above" != /etc ] && [ "$osiris_above" != /root ] && [ -n "$osiris_above" ]; do
    [ -n "$(find -P "$osiris_above" -prune -type d -user 0 \( ! -perm -0020 -o -group 0 \) ! -perm -0002 2>/dev/null)" ] || return 1
    osiris_above=${osiris_above%/*}
  done
}

# Files and folders by which root is told what to do, and the files in those of them
# whose names others choose. Who writes one of them is root before long.
osiris_config='/etc /etc/ssh /etc/ssh/sshd_config /etc/ssh/sshd_config.d /etc/sudoers /etc/sudoers.d /etc/crontab /etc/cron.d /etc/cron.hourly /etc/cron.daily
/etc/cron.weekly /etc/cron.monthly /etc/pam.d /etc/systemd /etc/systemd/system /etc/ld.so.preload /etc/ld.so.conf.d /etc/profile.d /root /root/.ssh
/root/.ssh/authorized_keys'
osiris_parts='/etc/ssh/sshd_config.d/* /etc/sudoers.d/* /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/pam.d/*'
# others_below: what lies deeper there and is another's, or a group's to write.
others_below() {
  for osiris_folder in /etc/systemd /etc/ld.so.conf.d /etc/profile.d /etc/init.d /etc/apt/apt.conf.d /etc/udev/rules.d /etc/modprobe.d; do
    if [ -d "$osiris_folder" ]; then
      find -P "$osiris_folder" -mindepth 1 -xdev \( -type f -o -type d \) \( ! -user 0 -o -perm -0020 ! -group 0 \) 2>/dev/null || return 1
    fi
  done
}

# open_below_etc: what anybody may write there. A folder with the sticky bit is made
# for everybody, and links have no modes.
open_below_etc() { find -P /etc -xdev \( -type f -o -type d ! -perm -1000 \) -perm -0002 2>/dev/null; }
