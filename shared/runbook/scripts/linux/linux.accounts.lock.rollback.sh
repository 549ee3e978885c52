case $OSIRIS_SNAPSHOT in
  end | *"${osiris_feed}end") ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
printf '%s\n' "$OSIRIS_SNAPSHOT" | while read -r osiris_word osiris_name; do
  [ "$osiris_word" = empty ] || continue
  # Whoever was given a password since keeps it.
  if awk -F: -v name="$osiris_name" '$1 == name && $2 == "*" { found = 1 } END { exit !found }' /etc/shadow; then
    passwd -d "$osiris_name" >/dev/null 2>&1 || fail "$osiris_name cannot be put back"
    changed
  fi
done || exit 1
