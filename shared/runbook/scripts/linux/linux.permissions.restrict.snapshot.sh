# Mode, owner and group of everything that remediate may touch, a line each.
mutable_etc 'the modes of files'
osiris_lines=$(
  for osiris_file in /etc/passwd /etc/group /etc/passwd- /etc/group- /etc/shadow /etc/gshadow /etc/shadow- /etc/gshadow- /etc/security/opasswd \
    /etc/ssh/ssh_host_*_key $osiris_config $osiris_parts; do
    if [ -e "$osiris_file" ] && [ ! -L "$osiris_file" ]; then printf '%s\n' "$osiris_file"; fi
  done
  { others_below && open_below_etc; } || exit 1
) || fail '/etc cannot be searched'
osiris_count=$(printf '%s\n' "$osiris_lines" | awk 'END { print NR }')
[ "$osiris_count" -le 1000 ] || fail "$osiris_count files are more than this puts back"
osiris_saved=$(printf '%s\n' "$osiris_lines" | awk '!seen[$0]++' | while IFS= read -r osiris_file; do
  stat -c '%a %u %g %n' "$osiris_file" || exit 1
done) || fail 'a file cannot be looked at, or has a line end in its name'
state "$osiris_saved"
