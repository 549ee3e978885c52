# What the parts about SSH, accounts and the clock share.

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
# sshd_config: osiris_config is what counts, which the server tells: files alone
# miss Include, drop-ins and the first match. Where there is none, the part ends.
sshd_config() {
  if command -v sshd >/dev/null; then
    osiris_config=$(sshd -T 2>/dev/null) || fail 'sshd -T does not run; it needs root'
  elif command -v dropbear >/dev/null; then
    fail 'the SSH server is dropbear, whose settings are not read here'
  else
    fact not_applicable 'No SSH server is installed.'
    exit 0
  fi
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

# accounts_without_password: their names.
accounts_without_password() {
  awk -F: '
    FILENAME == ARGV[1] { if ($2 == "") empty[$1] = 1; next }
    $1 !~ /^[+-]/ && ($2 == "" || $2 == "x" && ($1 in empty)) { print $1 }' /etc/shadow /etc/passwd
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
