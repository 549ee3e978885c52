printf '%s\n' "$OSIRIS_SNAPSHOT" | restore_units
