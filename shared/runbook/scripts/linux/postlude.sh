# What the clock showed before the parts and after them.
printf 'clock\t%s\t%s\n' "$osiris_began" "$(date -u +%s 2>/dev/null)"
# Nothing was cut off.
printf 'OSIRIS-END\n'
