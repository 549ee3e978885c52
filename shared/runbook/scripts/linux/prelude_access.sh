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
  sshd_tell -t >/dev/null || sshd_undo 'the server refuses its configuration'
  osiris_meets || sshd_undo 'sshd_config sets it before it includes drop-ins, or includes none, or the command line of the server does'
  sshd_reload || sshd_undo 'the server does not reload'
  changed
}
sshd_undo() {
  restore_file "$osiris_file" 644 "$osiris_kept"
  fail "$1"
}
# Debian's service is ssh, others call it sshd; where a socket starts it, each
# connection reads the configuration anew. Where nobody manages it, it reads it again
# on a signal, as the one that carries us.
sshd_reload() {
  for osiris_unit in ssh sshd; do
    if service_active "$osiris_unit"; then
      service_do reload "$osiris_unit"
      return
    fi
  done
  if osiris_systemd && { systemctl is-active --quiet ssh.socket 2>/dev/null || systemctl is-active --quiet sshd.socket 2>/dev/null; }; then
    return 0
  fi
  sshd_listener
  [ -n "$osiris_listener" ] && kill -s HUP "$osiris_listener" 2>/dev/null
}
# sshd_restore NAME KEPT
sshd_restore() {
  restore_file "/etc/ssh/sshd_config.d/$1" 644 "$2"
  changed
  sshd_tell -t >/dev/null || fail 'the server refuses its configuration'
  sshd_reload || fail 'the server does not reload'
}
# sshd_listener: of the server that carries us, osiris_listener is the process that
# listens, osiris_read the file that it reads, osiris_options what its command line
# sets otherwise. Old ones keep their command line, new ones put it in their title.
sshd_listener() {
  osiris_listener=''
  osiris_read=/etc/ssh/sshd_config
  osiris_options=''
  osiris_pid=$$
  while whole_number "$osiris_pid" && [ "$osiris_pid" -gt 1 ]; do
    osiris_words=
    if [ -r "/proc/$osiris_pid/cmdline" ]; then
      osiris_words=$(tr '\0' ' ' <"/proc/$osiris_pid/cmdline" 2>/dev/null)
    fi
    case $osiris_words in
      'sshd: '*' [listener] '*)
        osiris_words=${osiris_words#sshd: }
        osiris_words=${osiris_words%% \[listener\]*}
        ;;
      */sshd | */sshd' '*)
        case ${osiris_words%% *} in
          */sshd) ;;
          *) osiris_words= ;;
        esac
        ;;
      *) osiris_words= ;;
    esac
    if [ -n "$osiris_words" ]; then
      osiris_listener=$osiris_pid
      break
    fi
    osiris_pid=$(awk '$1 == "PPid:" { print $2 }' "/proc/$osiris_pid/status" 2>/dev/null)
  done
  [ -n "$osiris_listener" ] || return 0
  set -f
  # shellcheck disable=SC2086 # the words of a command line
  set -- $osiris_words
  set +f
  shift
  while [ $# -gt 0 ]; do
    osiris_option=
    case $1 in
      -[ofp])
        osiris_option=$1${2:-}
        [ $# -lt 2 ] || shift
        ;;
      -[ofp]*) osiris_option=$1 ;;
    esac
    case $osiris_option in
      -o*=* | '') ;;
      -o*)
        osiris_option=$osiris_option=${2:-}
        [ $# -lt 2 ] || shift
        ;;
      -f*) osiris_read=${osiris_option#-f} ;;
      -p*) osiris_option=-oPort=${osiris_option#-p} ;;
    esac
    # Of its options those that are looked at here.
    case $(printf '%s\n' "$osiris_option" | tr '[:upper:]' '[:lower:]') in
      *[!a-z0-9,=.:_/-]*) ;;
      -opermitrootlogin=* | -opasswordauthentication=* | -okbdinteractiveauthentication=* | -ochallengeresponseauthentication=* | \
        -oauthenticationmethods=* | -omaxauthtries=* | -oclientaliveinterval=* | -oclientalivecountmax=* | -oport=*)
        osiris_options="$osiris_options $osiris_option"
        ;;
    esac
    shift
  done
}
# sshd_tell -t|-T: what the server that carries us says of its configuration.
sshd_tell() {
  sshd_listener
  set -- "$1"
  if [ "$osiris_read" != /etc/ssh/sshd_config ]; then
    set -- "$1" -f "$osiris_read"
  fi
  set -f
  # shellcheck disable=SC2086 # a list of options
  set -- "$@" $osiris_options
  set +f
  sshd "$@" 2>/dev/null
}
# sshd_config: osiris_config is what counts, which the server tells: files alone
# miss Include, drop-ins and the first match. Where there is none, the part ends.
sshd_config() {
  if command -v sshd >/dev/null; then
    osiris_config=$(sshd_tell -T) || fail 'sshd -T does not run; it needs root'
  elif command -v dropbear >/dev/null; then
    fail 'the SSH server is dropbear, whose settings are not read here'
  elif own_connection; then
    fail 'the SSH server that this came over is none whose settings are read here'
  else
    fact not_applicable 'No SSH server is installed.'
    exit 0
  fi
}
# sshd_value KEY: the value that counts, which the server tells.
sshd_value() { sshd_tell -T | awk -v key="$1" '$1 == key { print $2; exit }'; }

# sshd_blocks FILE IN_MATCH DEPTH: KEY VALUE of each setting in a Match block of the
# file and of those that it includes; unread where one cannot be read.
sshd_blocks() (
  if [ "$3" -gt 8 ] || [ ! -r "$1" ]; then
    echo unread
    exit
  fi
  awk -v inside="$2" '
    {
      gsub(/["=\r]/, " ")
      word = tolower($1)
      if (word == "match") inside = "yes"
      else if (word == "include") for (i = 2; i <= NF; i++) print "include", inside, $i
      else if (inside == "yes" && word != "" && word !~ /^#/) { $1 = word; print "set", $0 }
    }' "$1" | while read -r osiris_word osiris_inside osiris_more; do
    case $osiris_word/$osiris_more in
      set/*) printf '%s %s\n' "$osiris_inside" "$osiris_more" ;;
      include/[!/]*) osiris_more=/etc/ssh/$osiris_more ;;
    esac
    if [ "$osiris_word" = include ]; then
      for osiris_one in $osiris_more; do
        [ ! -e "$osiris_one" ] || sshd_blocks "$osiris_one" "$osiris_inside" $(($3 + 1))
      done
    fi
  done
)
sshd_matches() {
  sshd_listener
  sshd_blocks "$osiris_read" no 0
}
# sshd_match_password KEY OPEN: prints yes where a Match block lets some in with a
# password, else no. KEY: all others need a key; OPEN: the server takes passwords.
sshd_match_password() {
  sshd_matches | awk -v key="$1" -v open="$2" '
    $1 == "unread" { unread = 1 }
    $1 ~ /^(passwordauthentication|kbdinteractiveauthentication|challengeresponseauthentication)$/ && tolower($2) == "yes" { login = 1 }
    $1 == "authenticationmethods" {
      for (i = 2; i <= NF; i++) {
        list = "," tolower($i) ","
        if (list !~ /,publickey,/ && list ~ /,(password|keyboard-interactive|any)[,:]/) methods = 1
      }
    }
    END {
      if (unread) exit 1
      print login && key != "yes" || methods && (login || open == "yes") ? "yes" : "no"
    }'
}
# sshd_root VALUE: the loosest of this PermitRootLogin and those of Match blocks.
sshd_root() {
  { printf 'permitrootlogin %s\n' "$1" && sshd_matches; } | awk '
    BEGIN { rank["no"] = 1; rank["forced-commands-only"] = 2; rank["without-password"] = rank["prohibit-password"] = 3; rank["yes"] = 4 }
    $1 == "unread" { unread = 1 }
    $1 == "permitrootlogin" { value = tolower($2); if (rank[value] >= rank[loosest]) loosest = value }
    END { if (unread) exit 1; print loosest }'
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
