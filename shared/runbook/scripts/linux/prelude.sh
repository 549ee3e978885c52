# What every part shares: the words of the reply (docs/runbooks.md). POSIX sh.
# The one locale whose texts and numbers mean the same everywhere.
LC_ALL=C
LANG=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL LANG PATH
umask 077
unset CDPATH ENV BASH_ENV
osiris_began=$(date -u +%s 2>/dev/null)

osiris_tab='	'
osiris_feed='
'

# osiris_line WORD VALUE...: one line of the reply, values escaped. Most values
# need no other program.
osiris_line() {
  printf '%s' "$1"
  shift
  for osiris_value in "$@"; do
    printf '\t'
    case $osiris_value in
      *\\* | *"$osiris_tab"* | *"$osiris_feed"*)
        printf '%s' "$osiris_value" | sed -e 's/\\/\\\\/g' -e "s/$osiris_tab/\\\\t/g" | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
        ;;
      *) printf '%s' "$osiris_value" ;;
    esac
  done
  printf '\n'
}

fact() { osiris_line fact "$1" "$2"; }
state() { osiris_line state "$1"; }
note() { osiris_line note "$1"; }
changed() { printf 'changed\n'; }
reboot_needed() { printf 'reboot\n'; }

# fail REASON: the part ends here, and is not well.
fail() {
  osiris_line error "$1"
  exit 1
}

# whole_number VALUE: it is one of at most nine digits, and not octal.
whole_number() {
  case $1 in
    '' | *[!0-9]* | 0?* | ??????????*) return 1 ;;
  esac
}

# mutable_etc SETTING: files of /etc may be ours. NixOS makes them anew.
mutable_etc() {
  if [ -e /etc/NIXOS ]; then
    fail "NixOS makes /etc anew: set $1 in configuration.nix"
  fi
}

# put_file PATH MODE TEXT: writes a file of our own, whole or not at all.
put_file() {
  osiris_fresh=${1%/*}/.osiris-new
  rm -f "$osiris_fresh" && printf '%s\n' "$3" >"$osiris_fresh" && chmod "$2" "$osiris_fresh" && mv -f "$osiris_fresh" "$1" && return
  rm -f "$osiris_fresh"
  return 1
}

# keep_file PATH: osiris_kept is what restore_file puts back.
keep_file() {
  if [ -L "$1" ] || { [ -e "$1" ] && [ ! -f "$1" ]; }; then
    fail "$1 is no ordinary file"
  fi
  osiris_kept=absent
  if [ -e "$1" ]; then
    osiris_kept=$(cat "$1") || fail "$1 cannot be read"
    osiris_kept=present$osiris_feed$osiris_kept
  fi
}

# restore_file PATH MODE KEPT
restore_file() {
  case $3 in
    absent) rm -f "$1" || fail "$1 cannot be removed" ;;
    present"$osiris_feed"*) put_file "$1" "$2" "${3#present"$osiris_feed"}" || fail "$1 cannot be written" ;;
    *) fail 'the snapshot is not one of this runbook' ;;
  esac
}

# Services by systemd or OpenRC; where there is neither, none is there.
osiris_systemd() { [ -d /run/systemd/system ]; }
osiris_openrc() { command -v rc-service >/dev/null 2>&1; }
service_there() {
  if osiris_systemd; then
    # A second name of a service is not one.
    case $(systemctl show -p Id -p LoadState "$1.service" 2>/dev/null) in
      *"Id=$1.service"*LoadState=loaded*) return 0 ;;
    esac
    return 1
  else
    osiris_openrc && [ -x "/etc/init.d/$1" ]
  fi
}
service_active() {
  if osiris_systemd; then
    systemctl is-active --quiet "$1.service" 2>/dev/null
  else
    osiris_openrc && rc-service "$1" status >/dev/null 2>&1
  fi
}
service_enabled() {
  if osiris_systemd; then
    systemctl is-enabled --quiet "$1.service" 2>/dev/null
  else
    osiris_openrc && [ -e "/etc/runlevels/default/$1" ]
  fi
}
# service_do VERB NAME: start, stop, restart, reload, enable or disable.
service_do() {
  if osiris_systemd; then
    systemctl "$1" "$2.service" >/dev/null 2>&1
    return
  fi
  osiris_openrc || return 1
  case $1 in
    enable) rc-update add "$2" default >/dev/null 2>&1 ;;
    disable) rc-update del "$2" default >/dev/null 2>&1 ;;
    *) rc-service "$2" "$1" >/dev/null 2>&1 ;;
  esac
}
# service_state NAME: prints "NAME active enabled", with inactive and disabled.
service_state() {
  osiris_is=inactive osiris_boots=disabled
  if service_active "$1"; then osiris_is=active; fi
  if service_enabled "$1"; then osiris_boots=enabled; fi
  printf '%s %s %s\n' "$1" "$osiris_is" "$osiris_boots"
}
# service_restore NAME ACTIVE ENABLED, as service_state gave them.
service_restore() {
  case $3 in
    enabled) service_enabled "$1" || service_do enable "$1" ;;
    *) ! service_enabled "$1" || service_do disable "$1" ;;
  esac || return 1
  case $2 in
    active) service_active "$1" || service_do start "$1" ;;
    *) ! service_active "$1" || service_do stop "$1" ;;
  esac
}

# sshd_drop_in NAME TEXT: writes a file of sshd_config.d and reloads the server;
# as it was where the server refuses it or the function osiris_meets does.
sshd_drop_in() {
  mutable_etc 'services.openssh.settings'
  osiris_file=/etc/ssh/sshd_config.d/$1
  if [ -L "${osiris_file%/*}" ] || [ ! -d "${osiris_file%/*}" ]; then
    fail "${osiris_file%/*} is no folder: this server takes no drop-ins"
  fi
  keep_file "$osiris_file"
  put_file "$osiris_file" 644 "$2" || sshd_undo "$osiris_file cannot be written"
  sshd -t 2>/dev/null || sshd_undo 'the server refuses its configuration'
  osiris_meets || sshd_undo 'sshd_config sets it before it includes drop-ins, or includes none'
  sshd_reload || sshd_undo 'the server does not reload'
  changed
}
sshd_undo() {
  restore_file "$osiris_file" 644 "$osiris_kept"
  fail "$1"
}
# Debian's service is ssh, others call it sshd; where a socket starts it, each
# connection reads the configuration anew.
sshd_reload() {
  for osiris_unit in ssh sshd; do
    if service_active "$osiris_unit"; then
      service_do reload "$osiris_unit"
      return
    fi
  done
}
# sshd_restore NAME KEPT
sshd_restore() {
  restore_file "/etc/ssh/sshd_config.d/$1" 644 "$2"
  changed
  sshd -t 2>/dev/null || fail 'the server refuses its configuration'
  sshd_reload || fail 'the server does not reload'
}
# sshd_value KEY: the value that counts, which the server tells.
sshd_value() { sshd -T 2>/dev/null | awk -v key="$1" '$1 == key { print $2; exit }'; }

# sshd_match_password: prints yes where a Match block lets some in with a password,
# else no.
sshd_match_password() {
  set --
  for osiris_file in /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf; do
    if [ -f "$osiris_file" ]; then
      set -- "$@" "$osiris_file"
    fi
  done
  awk '
    FNR == 1 { match_block = 0 }
    {
      gsub(/["=]/, " ")
      word = tolower($1)
      if (word == "match") match_block = 1
      if (match_block && word ~ /^(passwordauthentication|kbdinteractiveauthentication|challengeresponseauthentication)$/ && tolower($2) == "yes") found = 1
    }
    END { print found ? "yes" : "no" }' "$@" /dev/null
}

# own_connection: osiris_peer, osiris_peer_port, osiris_own and osiris_own_port of
# the SSH connection that we came over. sudo takes it out of our environment, but
# not out of its parents'.
own_connection() {
  osiris_found=${SSH_CONNECTION:-}
  osiris_pid=$$
  while [ -z "$osiris_found" ] && whole_number "$osiris_pid" && [ "$osiris_pid" -gt 1 ]; do
    if [ -r "/proc/$osiris_pid/environ" ]; then
      osiris_found=$(tr '\0' '\n' <"/proc/$osiris_pid/environ" | sed -n 's/^SSH_CONNECTION=//p' | sed 1q)
    fi
    osiris_pid=$(awk '$1 == "PPid:" { print $2 }' "/proc/$osiris_pid/status" 2>/dev/null)
  done
  osiris_peer=${osiris_found%% *} osiris_own_port=${osiris_found##* }
  osiris_found=${osiris_found#* }
  osiris_peer_port=${osiris_found%% *} osiris_found=${osiris_found#* }
  osiris_own=${osiris_found%% *}
  whole_number "$osiris_peer_port" && whole_number "$osiris_own_port" && [ -n "$osiris_own" ]
}

# in_container: the kernel, its clock and its audit are somebody else's.
in_container() {
  [ -e /run/systemd/container ] || [ -e /run/.containerenv ] || [ -e /.dockerenv ] ||
    { [ -r /proc/1/environ ] && tr '\0' '\n' </proc/1/environ | grep -q '^container='; }
}

# clock_unsynchronised: prints yes or no, the kernel's flag that a time daemon
# clears, or nothing where no program tells it.
clock_unsynchronised() {
  case $(timedatectl show -p NTPSynchronized --value 2>/dev/null) in
    yes) echo no && return ;;
    no) echo yes && return ;;
  esac
  osiris_leap=$(chronyc -c tracking 2>/dev/null | awk -F, 'NF > 10 { print $NF }')
  case $osiris_leap in
    'Not synchronised') echo yes && return ;;
    Normal | 'Insert second' | 'Delete second') echo no && return ;;
  esac
  # Busybox has adjtimex; 64 is STA_UNSYNC.
  adjtimex 2>/dev/null | awk '$1 == "status:" && $2 ~ /^[0-9]+$/ { print int($2 / 64) % 2 ? "yes" : "no"; exit }'
}

# tcp_connected ADDRESS PORT: a connection to it stands. The kernel writes IPv4 in
# the order of the processor; an address that is no IPv4 is not compared.
tcp_connected() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v address="$1" -v port="$2" '
    BEGIN {
      port = sprintf("%04X", port)
      if (address ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/) {
        split(address, b, ".")
        one = sprintf("%02X%02X%02X%02X", b[4], b[3], b[2], b[1])
        two = sprintf("%02X%02X%02X%02X", b[1], b[2], b[3], b[4])
      }
    }
    $4 == "01" {
      at = index($3, ":")
      host = substr($3, 1, at - 1)
      host = substr(host, length(host) - 7)
      if (substr($3, at + 1) == port && (one == "" || host == one || host == two)) found = 1
    }
    END { exit !found }'
}

# audit_missing: of the files whose changes are to be recorded, prints those for
# which the rules on its input, as "auditctl -l" or rules.d has them, have none.
osiris_audited='/etc/passwd /etc/shadow /etc/group /etc/sudoers /etc/sudoers.d'
audit_missing() {
  awk -v paths="$osiris_audited" '
    /^[ \t]*-w[ \t]/ || /^[ \t]*-a[ \t]+(always,exit|exit,always)[ \t]/ {
      path = perm = ""
      for (i = 1; i <= NF; i++) {
        if ($i == "-w") path = $(i + 1)
        if ($i == "-p") perm = $(i + 1)
        if ($i ~ /^(path|dir)=/) path = substr($i, index($i, "=") + 1)
        if ($i ~ /^perm=/) perm = substr($i, 6)
      }
      if (path == "" || perm !~ /w/) next
      if (path != "/") sub(/\/$/, "", path)
      watched[++rules] = path
    }
    END {
      count = split(paths, want, " ")
      for (i = 1; i <= count; i++) {
        found = 0
        for (j = 1; j <= rules; j++) if (want[i] == watched[j] || index(want[i], watched[j] "/") == 1) found = 1
        if (!found) print want[i]
      }
    }'
}
# audit_value WORD: of the kernel's state, enabled or pid.
audit_value() { auditctl -s 2>/dev/null | awk -v word="$1" '{ gsub(/=/, " "); for (i = 1; i < NF; i++) if ($i == word) { print $(i + 1); exit } }'; }
# audit_restore KEPT ACTIVE ENABLED: the rules and the daemon as they were. The
# daemon refuses to be stopped by systemd, so that the stop is on record.
audit_restore() {
  restore_file /etc/audit/rules.d/60-osiris.rules 640 "$1"
  augenrules --load >/dev/null 2>&1
  for osiris_path in $osiris_audited; do
    if [ "$1" = absent ]; then
      auditctl -W "$osiris_path" -p wa -k osiris >/dev/null 2>&1
    fi
  done
  osiris_pid=$(audit_value pid)
  if [ "$2" = inactive ] && service_active auditd && whole_number "$osiris_pid" && [ "$osiris_pid" -gt 1 ]; then
    kill -s TERM "$osiris_pid" || return 1
    osiris_tries=0
    while service_active auditd && [ "$osiris_tries" -lt 10 ]; do
      osiris_tries=$((osiris_tries + 1))
      sleep 1
    done
  fi
  service_restore auditd "$2" "$3"
}

# accounts_without_password: their names.
accounts_without_password() {
  awk -F: '
    FILENAME == ARGV[1] { if ($2 == "") empty[$1] = 1; next }
    $1 !~ /^[+-]/ && ($2 == "" || $2 == "x" && ($1 in empty)) { print $1 }' /etc/shadow /etc/passwd
}

# addresses_of HOST: its IPv4 addresses; itself where it is one or has none.
addresses_of() {
  case $1 in
    *[!0-9.]*) ;;
    *) echo "$1" && return ;;
  esac
  osiris_known=$(getent ahostsv4 "$1" 2>/dev/null | awk '!seen[$1]++ && ++count <= 8 { print $1 }')
  printf '%s\n' "${osiris_known:-$1}"
}

# rsyslog_targets FILE...: HOST PORT PROTOCOL of each, in the old form and in the new.
rsyslog_targets() {
  awk '
    function value(text, name) {
      if (!match(tolower(text), "[ \t(]" name "[ \t]*=[ \t]*\"[^\"]*\"")) return ""
      text = substr(text, RSTART, RLENGTH)
      sub(/^[^"]*"/, "", text)
      sub(/"$/, "", text)
      return text
    }
    function say(host, port, protocol) {
      gsub(/[^A-Za-z0-9.:_-]/, "", host)
      if (host != "" && ++count <= 20) print host, port ~ /^[0-9]+$/ ? port : 514, protocol
    }
    { sub(/\r$/, "") }
    /^[ \t]*#/ { next }
    match($0, /[ \t]@@?(\([^)]*\))?(\[[^]]*\]|[A-Za-z0-9._-]+)(:[0-9]+)?/) {
      text = substr($0, RSTART + 1, RLENGTH - 1)
      protocol = text ~ /^@@/ ? "tcp" : "udp"
      sub(/^@@?(\([^)]*\))?/, "", text)
      port = 514
      if (match(text, /:[0-9]+$/)) { port = substr(text, RSTART + 1); text = substr(text, 1, RSTART - 1) }
      say(text, port, protocol)
      next
    }
    { all = all " " $0 }
    END {
      while (match(tolower(all), /action[ \t]*\([^)]*\)/)) {
        one = substr(all, RSTART, RLENGTH)
        all = substr(all, RSTART + RLENGTH)
        type = tolower(value(one, "type"))
        if (type == "omfwd") say(value(one, "target"), value(one, "port"), tolower(value(one, "protocol")) == "tcp" ? "tcp" : "udp")
        if (type == "omrelp") say(value(one, "target"), value(one, "port"), "tcp")
      }
    }' "$@"
}

# firewall_input: prints drop or accept, what becomes of input that no rule names,
# or nothing where that cannot be read. A last rule that drops or rejects all is
# as good as a policy. IPv6 counts where the host has it.
firewall_input() {
  if osiris_rules=$(nft list ruleset 2>/dev/null); then
    osiris_families=$(printf '%s\n' "$osiris_rules" | awk '
      $1 == "table" { family = $2 }
      $1 == "chain" { input = drop = 0; last = ""; next }
      /type filter hook input/ { input = 1; drop = /policy drop/; next }
      $1 == "}" { if (input && (drop || last ~ /^[ \t]*(counter( packets [0-9]+ bytes [0-9]+)? )?(drop|reject( with .*)?)( comment .*)?$/)) print family; input = 0; next }
      input && NF && $1 !~ /^#/ { last = $0 }')
  elif command -v iptables >/dev/null; then
    osiris_families=
  else
    return
  fi
  osiris_four=no osiris_six=no
  for osiris_family in $osiris_families; do
    case $osiris_family in
      inet) osiris_four=yes osiris_six=yes ;;
      ip) osiris_four=yes ;;
      ip6) osiris_six=yes ;;
    esac
  done
  if [ "$osiris_four" = no ] && firewall_old iptables; then osiris_four=yes; fi
  if [ "$osiris_six" = no ] && firewall_old ip6tables; then osiris_six=yes; fi
  if [ "$osiris_four" = yes ] && { [ "$osiris_six" = yes ] || [ ! -s /proc/net/if_inet6 ]; }; then
    echo drop
  else
    echo accept
  fi
}
# The old iptables keeps its tables where nft does not look.
firewall_old() {
  for osiris_tool in "$1-legacy" "$1"; do
    if command -v "$osiris_tool" >/dev/null && "$osiris_tool" -S INPUT 2>/dev/null | awk '
      { last = $0 } /^-P INPUT DROP/ { drop = 1 }
      END { exit !(drop || last ~ /^-A INPUT -j (DROP|REJECT)/) }'; then
      return 0
    fi
  done
  return 1
}

# firewall_manager: ufw, firewalld, nftables or none; what runs before what is there.
firewall_manager() {
  if command -v firewall-cmd >/dev/null && service_active firewalld; then
    echo firewalld
  elif command -v ufw >/dev/null && [ -f /etc/ufw/ufw.conf ]; then
    echo ufw
  elif command -v firewall-cmd >/dev/null; then
    echo firewalld
  elif command -v nft >/dev/null; then
    echo nftables
  else
    echo none
  fi
}
ufw_enabled() { awk -F= '/^[ \t]*ENABLED[ \t]*=/ { gsub(/[ \t"\047]/, "", $2); on = tolower($2) == "yes" } END { exit !on }' /etc/ufw/ufw.conf; }
ufw_policy() { awk -F= '/^[ \t]*DEFAULT_INPUT_POLICY[ \t]*=/ { gsub(/[ \t"\047]/, "", $2); p = $2 } END { print p == "ACCEPT" ? "allow" : p == "REJECT" ? "reject" : "deny" }' /etc/default/ufw; }
ufw_rules() { ufw show added 2>/dev/null | grep '^ufw allow [0-9]*/[tu][cd]p$'; }

nftables_drop_in() { echo /etc/systemd/system/nftables.service.d/90-osiris.conf; }

# firewall_state: what firewall_restore puts back.
firewall_state() {
  osiris_manager=$(firewall_manager)
  printf '%s\n' "$osiris_manager"
  case $osiris_manager in
    ufw)
      if ufw_enabled; then echo enabled; else echo disabled; fi
      ufw_policy
      ufw_rules
      ;;
    firewalld)
      service_state firewalld
      if ! service_active firewalld; then
        firewall-offline-cmd --list-ports 2>/dev/null
      fi
      ;;
    nftables)
      keep_file /etc/osiris/firewall.nft
      printf '%s\n' "$osiris_kept"
      ;;
  esac
}
# firewall_restore STATE
firewall_restore() {
  osiris_manager=${1%%"$osiris_feed"*}
  osiris_rest=${1#*"$osiris_feed"}
  case $osiris_manager in
    ufw)
      if [ "${osiris_rest%%"$osiris_feed"*}" = disabled ]; then
        ufw --force disable >/dev/null 2>&1 || return 1
      fi
      osiris_rest=${osiris_rest#*"$osiris_feed"}
      ufw_rules | while IFS= read -r osiris_rule; do
        case "$osiris_feed$osiris_rest$osiris_feed" in
          *"$osiris_feed$osiris_rule$osiris_feed"*) ;;
          *) ufw delete allow "${osiris_rule#ufw allow }" >/dev/null 2>&1 ;;
        esac
      done
      osiris_policy=${osiris_rest%%"$osiris_feed"*}
      [ "$osiris_policy" = "$(ufw_policy)" ] || ufw default "$osiris_policy" incoming >/dev/null 2>&1
      ;;
    firewalld)
      osiris_was=${osiris_rest%%"$osiris_feed"*}
      osiris_was=${osiris_was#* }
      service_restore firewalld "${osiris_was% *}" "${osiris_was#* }" || return 1
      if ! service_active firewalld; then
        for osiris_port in $(firewall-offline-cmd --list-ports 2>/dev/null); do
          case " ${osiris_rest##*"$osiris_feed"} " in
            *" $osiris_port "*) ;;
            *) firewall-offline-cmd --remove-port "$osiris_port" >/dev/null 2>&1 ;;
          esac
        done
      fi
      ;;
    nftables)
      if [ "$osiris_rest" = absent ]; then
        systemctl disable --now osiris-firewall.service >/dev/null 2>&1
        osiris_drop_in=$(nftables_drop_in)
        rm -f /etc/systemd/system/osiris-firewall.service "$osiris_drop_in"
        rmdir "${osiris_drop_in%/*}" 2>/dev/null
        systemctl daemon-reload >/dev/null 2>&1
        nft delete table inet osiris_filter 2>/dev/null
        restore_file /etc/osiris/firewall.nft 600 absent
        rmdir /etc/osiris 2>/dev/null
        return 0
      fi
      restore_file /etc/osiris/firewall.nft 600 "$osiris_rest"
      nft -f /etc/osiris/firewall.nft
      ;;
    none) ;;
    *) return 1 ;;
  esac
}

# row_text VALUE: as it stands in a row of a fact, NAME=VALUE;NAME=VALUE.
row_text() {
  case $1 in
    *[\;\\]*) printf '%s' "$1" | sed 's/[;\\]/\\&/g' ;;
    *) printf '%s' "$1" ;;
  esac
}
# count_lines TEXT: of those that are not empty.
count_lines() { printf '%s\n' "$1" | awk 'NF { count++ } END { print count + 0 }'; }
# newest FILE...: when the newest of those that are there was written, in seconds.
newest() {
  for osiris_file in "$@"; do
    if [ -e "$osiris_file" ]; then stat -L -c %Y "$osiris_file" 2>/dev/null; fi
  done | sort -n | tail -n 1
}

# Units of systemd: those of protection from malware by the names that their makers
# gave them, of what compares files with a list, and of logins without a cipher.
osiris_guards='clamav-daemon.service clamd@scan.service clamd.service falcon-sensor.service mdatp.service sentinelone.service sentinelagent.service
cbagentd.service cbdaemon.service wazuh-agent.service sophos-spl.service ds_agent.service eea.service eraagent.service xagt.service cylancesvc.service
cyserver.service traps_pmd.service elastic-endpoint.service ElasticEndpoint.service bdsec.service kesl.service avast.service savd.service'
osiris_watchers='dailyaidecheck.timer aidecheck.timer aide.timer aide-check.timer'
osiris_open_logins='telnet.socket rsh.socket rlogin.socket rexec.socket telnetd.service inetutils-telnetd.socket in.telnetd.service rshd.service rlogind.service'
# unit_words UNIT: LoadState, ActiveState and UnitFileState; the last may be empty.
unit_words() {
  osiris_shown=$(systemctl show -p LoadState -p ActiveState -p UnitFileState "$1" 2>/dev/null) || return 1
  printf '%s\n' "$osiris_shown" | awk -F= '{ has[$1] = $2 } END { print has["LoadState"], has["ActiveState"], has["UnitFileState"] }'
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
      active/active) ;;
      active/*) osiris_verb=start ;;
      inactive/active | failed/active) osiris_verb=stop ;;
    esac
    if [ -n "$osiris_verb" ]; then
      systemctl "$osiris_verb" "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be put back: $osiris_verb"
      changed
    fi
    osiris_verb=
  done
}

# backup_jobs: a line for each of systemd's units that makes a copy and ends: its
# name, and when it ended well last, in seconds, or 0. Success is systemd's word for
# how a unit ended; over a restart the journal keeps it by the number of the message.
backup_jobs() {
  osiris_listed=$(systemctl list-unit-files --type=service --no-legend --no-pager --plain 2>/dev/null) || return 1
  osiris_boot=$(awk -v now="$(date +%s)" 'now > 0 { printf "%.0f", now - $1 }' /proc/uptime) || return 1
  [ -n "$osiris_boot" ] || return 1
  # dpkg's and rpm's own copies of their lists are no backup of data.
  for osiris_unit in $(printf '%s\n' "$osiris_listed" | awk '
    $1 ~ /^[A-Za-z0-9_.:-]+\.service$/ && $2 != "masked" && $1 !~ /^(dpkg-db-backup|rpmdb-)/ &&
      $1 ~ /restic|borg|duplicity|kopia|rsnapshot|rdiff-backup|backup|pgbackrest|barman/ { print $1 }'); do
    osiris_shown=$(systemctl show -p Type -p TriggeredBy -p Result -p ExecMainStatus -p ExecMainExitTimestampMonotonic "$osiris_unit" 2>/dev/null) || return 1
    case $osiris_shown in
      *Type=oneshot* | *TriggeredBy=?*) ;;
      *) continue ;; # a server of that name
    esac
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

# open_below_etc: what anybody may write there. A folder with the sticky bit is made
# for everybody, and links have no modes.
open_below_etc() { find -P /etc -xdev \( -type f -o -type d ! -perm -1000 \) -perm -0002 2>/dev/null; }

osiris_part() { printf 'OSIRIS-PART %s\n' "$1"; }
osiris_done() { printf '\nOSIRIS-DONE %s %s\n' "$1" "$2"; }
