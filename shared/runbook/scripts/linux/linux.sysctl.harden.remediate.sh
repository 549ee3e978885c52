mutable_etc 'boot.kernel.sysctl'
osiris_settings=${OSIRIS_P_settings:-}
[ -n "$osiris_settings" ] || fail 'the policy names no setting'
osiris_file=/etc/sysctl.d/99-zz-osiris.conf
[ -d "${osiris_file%/*}" ] || fail "${osiris_file%/*} is no folder"

# KEY, the value to have, and least where more is as good. any asks for nothing.
osiris_wanted=$(printf '%s\n' "$osiris_settings" | tr ',' '\n' | awk '
  {
    at = index($0, "=")
    key = substr($0, 1, at - 1)
    want = substr($0, at + 1)
    if (want == "any") next
    how = "exactly"
    if (want ~ /^>=/) { how = "least"; want = substr(want, 3) } else if (want ~ /^=/) want = substr(want, 2)
    if (key !~ /^[a-z0-9_.]+$/ || want !~ /^[0-9]+$/ || length(want) > 9) { bad = 1; exit }
    print key, want, how
  }
  END { exit bad }') || fail 'a setting of the policy is neither =N nor >=N nor any'
[ -n "$osiris_wanted" ] || fail 'the policy asks for no setting'

# Where all say no to redirects and a card says yes, the kernel takes them: each
# card has to say no, by its path, and so has what a new one begins with.
osiris_redirects=
if printf '%s\n' "$osiris_wanted" | grep -q -x 'net.ipv4.conf.all.accept_redirects 0 exactly'; then
  for osiris_card in /proc/sys/net/ipv4/conf/*/accept_redirects; do
    osiris_card=${osiris_card%/accept_redirects}
    case ${osiris_card##*/} in
      all | lo | *[!A-Za-z0-9_.:@-]*) ;;
      *) osiris_redirects="$osiris_redirects${osiris_feed}net/ipv4/conf/${osiris_card##*/}/accept_redirects 0 exactly" ;;
    esac
  done
fi
osiris_wanted=$osiris_wanted$osiris_redirects

osiris_path() {
  case $1 in
    */*) printf '/proc/sys/%s\n' "$1" ;;
    *) printf '/proc/sys/%s\n' "$(printf '%s\n' "$1" | tr . /)" ;;
  esac
}
osiris_running() { cat "$(osiris_path "$1")" 2>/dev/null; }
# osiris_meets KEY WANT HOW: what runs is enough.
osiris_meets() {
  osiris_have=$(osiris_running "$1")
  whole_number "$osiris_have" || return 1
  [ "$osiris_have" -eq "$2" ] || { [ "$3" = least ] && [ "$osiris_have" -gt "$2" ]; }
}

osiris_all() {
  printf '%s\n' "$osiris_wanted" | while read -r osiris_key osiris_want osiris_how; do
    printf '%s %s\n' "$osiris_key" "$(osiris_running "$osiris_key")"
  done
}
osiris_before=$(osiris_all)
keep_file "$osiris_file"
osiris_undo() {
  restore_file "$osiris_file" 644 "$osiris_kept"
  printf '%s\n' "$osiris_before" | while read -r osiris_key osiris_value; do
    if [ -n "$osiris_value" ] && [ "$(osiris_running "$osiris_key")" != "$osiris_value" ]; then
      printf '%s\n' "$osiris_value" 2>/dev/null >"$(osiris_path "$osiris_key")"
    fi
  done
  fail "$1"
}

# What runs stricter than asked for stays so after a reboot.
osiris_text="# Written by Osiris, runbook linux.sysctl.harden. Changes here are undone.
$(printf '%s\n' "$osiris_wanted" | while read -r osiris_key osiris_want osiris_how; do
  case $osiris_key in
    */default/*) osiris_key=net.ipv4.conf.default.accept_redirects ;;
    */*) continue ;; # at boot it takes over the default
  esac
  if osiris_meets "$osiris_key" "$osiris_want" "$osiris_how"; then
    osiris_want=$(osiris_running "$osiris_key")
  fi
  printf '%s = %s\n' "$osiris_key" "$osiris_want"
done)"
if [ "$osiris_kept" != "present$osiris_feed$osiris_text" ]; then
  put_file "$osiris_file" 644 "$osiris_text" || osiris_undo "$osiris_file cannot be written"
  changed
fi

# Files are read in the order of their names, sysctl.conf last; systemd reads it
# only where a file of sysctl.d is a link to it.
set --
for osiris_other in /etc/sysctl.d/*.conf /etc/sysctl.conf; do
  if [ -f "$osiris_other" ]; then
    set -- "$@" "$osiris_other"
  fi
done
osiris_later=$(awk -v own="$osiris_file" -v wanted="$(printf '%s\n' "$osiris_wanted" | tr '\n' ' ')" '
  BEGIN {
    count = split(wanted, word, " ")
    for (i = 1; i < count; i += 3) {
      gsub("/", ".", word[i])
      want[word[i]] = word[i + 1]
      how[word[i]] = word[i + 2]
    }
  }
  FILENAME == own { after = 1; next }
  after && !/^[ \t]*[#;]/ && (at = index($0, "=")) {
    key = substr($0, 1, at - 1)
    value = substr($0, at + 1)
    gsub(/[ \t]/, "", key)
    gsub(/[ \t\r]/, "", value)
    sub(/^-/, "", key)
    gsub("/", ".", key)
    if (key in want && value != want[key] && (how[key] != "least" || value + 0 < want[key] + 0)) { print FILENAME; exit }
  }' "$@" /dev/null) || osiris_undo 'a file of sysctl.d cannot be read'
[ -z "$osiris_later" ] || osiris_undo "$osiris_later is read later and sets them otherwise: a person has to change it"

osiris_wrong=$(printf '%s\n' "$osiris_wanted" | while read -r osiris_key osiris_want osiris_how; do
  osiris_meets "$osiris_key" "$osiris_want" "$osiris_how" && continue
  printf '%s\n' "$osiris_want" 2>/dev/null >"$(osiris_path "$osiris_key")"
  osiris_meets "$osiris_key" "$osiris_want" "$osiris_how" || printf '%s ' "$osiris_key"
done)
[ -z "$osiris_wrong" ] || osiris_undo "the running kernel does not take ${osiris_wrong}here; in a container they are its host's"
if [ "$osiris_before" != "$(osiris_all)" ]; then
  changed
fi
