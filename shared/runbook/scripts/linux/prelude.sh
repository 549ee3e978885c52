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

osiris_part() { printf 'OSIRIS-PART %s\n' "$1"; }
osiris_done() { printf '\nOSIRIS-DONE %s %s\n' "$1" "$2"; }
