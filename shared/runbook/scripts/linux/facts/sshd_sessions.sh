sshd_config
for osiris_key in maxauthtries clientaliveinterval clientalivecountmax; do
  osiris_setting=$(printf '%s\n' "$osiris_config" | awk -v key="$osiris_key" '$1 == key { print $2; exit }')
  whole_number "$osiris_setting" || fail "sshd -T did not name $osiris_key"
  fact "$osiris_key" "$osiris_setting"
done
