# Rights are taken away, never given; links are left alone.
mutable_etc 'the modes of files'
osiris_touch() { # MODE-CHANGE PATH
  [ -e "$2" ] || return 0
  if [ -L "$2" ]; then
    note "$2 is a link, and was left alone."
    return 0
  fi
  osiris_before=$(stat -c '%a %u' "$2") || fail "$2 cannot be looked at"
  if [ "${osiris_before#* }" != 0 ]; then
    chown 0 "$2" || fail "$2 cannot be given to root: it may be immutable"
  fi
  chmod "$1" "$2" || fail "the mode of $2 cannot be changed: it may be immutable"
  if [ "$(stat -c '%a %u' "$2")" != "$osiris_before" ]; then
    changed
    note "$2 was $osiris_before."
  fi
}
osiris_read() { # GROUP-THAT-MAY-READ PATH
  if [ ! -e "$2" ] || [ -L "$2" ]; then return 0; fi
  osiris_group=$(stat -c '%G' "$2") || fail "$2 cannot be looked at"
  case $osiris_group in
    "$1") ;;
    root) if [ "$1" = ssh_keys ]; then osiris_touch g-r "$2"; fi ;;
    *) osiris_touch g-r "$2" ;;
  esac
}
for osiris_file in /etc/passwd /etc/group /etc/passwd- /etc/group- $osiris_config $osiris_parts; do
  osiris_touch go-w "$osiris_file"
done
osiris_deep=$(others_below) || fail 'what root runs cannot be searched'
osiris_count=$(count_lines "$osiris_deep")
[ "$osiris_count" -le 200 ] || fail "$osiris_count files of what root runs are others': a person has to look"
# A folder comes before what is in it.
printf '%s\n' "$osiris_deep" | while IFS= read -r osiris_file; do
  if [ -z "$osiris_file" ]; then continue; fi
  if roots_alone "$osiris_file"; then
    osiris_touch go-w "$osiris_file"
  else
    note "$osiris_file is in a folder that others write, and was left alone."
  fi
done || exit 1
for osiris_file in /etc/shadow /etc/gshadow /etc/shadow- /etc/gshadow- /etc/security/opasswd; do
  osiris_touch g-wx,o-rwx "$osiris_file"
  osiris_read shadow "$osiris_file"
done
for osiris_file in /etc/ssh/ssh_host_*_key; do
  osiris_touch g-wx,o-rwx "$osiris_file"
  osiris_read ssh_keys "$osiris_file"
done
osiris_open=$(open_below_etc) || fail '/etc cannot be searched'
osiris_count=$(count_lines "$osiris_open")
[ "$osiris_count" -le 500 ] || fail "$osiris_count files below /etc may be written by anybody: a person has to look"
printf '%s\n' "$osiris_open" | while IFS= read -r osiris_file; do
  if [ -z "$osiris_file" ] || [ -L "$osiris_file" ]; then continue; fi
  # A name in a folder of somebody else's may lead to another file by now.
  if ! roots_alone "$osiris_file"; then
    note "$osiris_file is in a folder that others write, and was left alone."
    continue
  fi
  chmod o-w "$osiris_file" || fail "the mode of $osiris_file cannot be changed: it may be immutable"
  changed
done
