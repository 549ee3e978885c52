case $OSIRIS_SNAPSHOT in
  *"${osiris_feed}file$osiris_feed"*) ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
restore_file /etc/sysctl.d/99-zz-osiris.conf 644 "${OSIRIS_SNAPSHOT#*"${osiris_feed}file$osiris_feed"}"
changed
osiris_values=${OSIRIS_SNAPSHOT%%"${osiris_feed}file$osiris_feed"*}
printf '%s\n' "$osiris_values" | while read -r osiris_key osiris_value; do
  case $osiris_key in
    net/ipv4/conf/?*/accept_redirects)
      osiris_card=${osiris_key#net/ipv4/conf/}
      case ${osiris_card%/accept_redirects} in
        . | .. | */* | *[!A-Za-z0-9_.:@-]*) fail 'the snapshot is not one of this runbook' ;;
      esac
      osiris_path=/proc/sys/$osiris_key
      # A card that is gone needs nothing.
      [ -e "$osiris_path" ] || continue
      ;;
    '' | .* | *..* | *[!a-z0-9_.]*) fail 'the snapshot is not one of this runbook' ;;
    *) osiris_path=/proc/sys/$(printf '%s\n' "$osiris_key" | tr . /) ;;
  esac
  if [ -n "$osiris_value" ] && [ "$(cat "$osiris_path" 2>/dev/null)" != "$osiris_value" ]; then
    printf '%s\n' "$osiris_value" 2>/dev/null >"$osiris_path" || fail "$osiris_key of the running kernel cannot be put back"
  fi
done || exit 1
