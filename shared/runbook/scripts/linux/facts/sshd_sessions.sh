# The server says what counts: files alone miss Include, drop-ins and the first match.
command -v sshd >/dev/null || {
  fact not_applicable 'No SSH server is installed.'
  exit 0
}
osiris_config=$(sshd -T 2>/dev/null) || fail 'sshd -T does not run; it needs root'
for osiris_key in maxauthtries clientaliveinterval clientalivecountmax; do
  osiris_setting=$(printf '%s\n' "$osiris_config" | awk -v key="$osiris_key" '$1 == key { print $2; exit }')
  whole_number "$osiris_setting" || fail "sshd -T did not name $osiris_key"
  fact "$osiris_key" "$osiris_setting"
done
