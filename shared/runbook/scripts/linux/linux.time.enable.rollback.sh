case $OSIRIS_SNAPSHOT in
  end | *"${osiris_feed}end") ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
printf '%s\n' "$OSIRIS_SNAPSHOT" | while read -r osiris_unit osiris_was_active osiris_was_enabled; do
  if [ "$osiris_unit" != end ]; then
    service_restore "$osiris_unit" "$osiris_was_active" "$osiris_was_enabled" || fail "$osiris_unit cannot be put back"
  fi
done || exit 1
changed
