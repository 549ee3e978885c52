# Names as the manager lists them, without marks, and never its words.
osiris_names=
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  osiris_names=$(systemctl list-units --failed --all --plain --no-legend --no-pager 2>/dev/null) || fail 'systemd cannot be asked'
  osiris_names=$(printf '%s\n' "$osiris_names" | awk 'NF { print $1 }')
elif command -v rc-status >/dev/null; then
  osiris_names=$(rc-status --crashed 2>/dev/null) || osiris_names=
  osiris_names=$(printf '%s\n' "$osiris_names" | awk 'NF { print $1 }')
else
  fail 'there is no service manager that this can ask'
fi
fact failed_count "$(count_lines "$osiris_names")"
printf '%s\n' "$osiris_names" | awk 'NF && ++count <= 40' | while IFS= read -r osiris_name; do
  fact failed_unit "Unit=$(row_text "$osiris_name")"
done
