# What every part shares: the words of the reply (docs/runbooks.md). POSIX sh.
# The one locale whose texts and numbers mean the same everywhere.
LC_ALL=C
LANG=C
# The last three are NixOS's, which has nothing in the others.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/wrappers/bin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin
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

# in_container: the kernel, its clock and its audit are somebody else's.
in_container() {
  if [ -e /run/systemd/container ] || [ -e /run/.containerenv ] || { [ -r /proc/1/environ ] && tr '\0' '\n' </proc/1/environ | grep -q '^container='; }; then
    return 0
  fi
  # Images of disks that were made from a container bring this file to real machines.
  [ -e /.dockerenv ] || return 1
  if command -v systemd-detect-virt >/dev/null; then
    systemd-detect-virt -cq
    return
  fi
  case $(cat /proc/1/comm 2>/dev/null) in
    systemd | init | openrc-init | runit | s6-svscan | dinit) return 1 ;;
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

osiris_part() { printf 'OSIRIS-PART %s\n' "$1"; }
osiris_done() { printf '\nOSIRIS-DONE %s %s\n' "$1" "$2"; }
