case $OSIRIS_SNAPSHOT in
  "units$osiris_feed"*"inetd "*) ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
if osiris_systemd; then
  printf '%s\n' "$OSIRIS_SNAPSHOT" | awk 'NR == 1 { next } $1 == "inetd" { exit } { print }' | restore_units || exit 1
fi
osiris_rest=${OSIRIS_SNAPSHOT#*"${osiris_feed}inetd "}
osiris_mode=${osiris_rest%%"$osiris_feed"*}
osiris_rest=${osiris_rest#*"$osiris_feed"}
keep_file /etc/inetd.conf
if [ "$osiris_kept" = "$osiris_rest" ]; then
  exit 0
fi
restore_file /etc/inetd.conf "$osiris_mode" "$osiris_rest"
changed
for osiris_unit in inetutils-inetd openbsd-inetd inetd; do
  if service_active "$osiris_unit"; then
    service_do restart "$osiris_unit" || fail "$osiris_unit does not restart"
  fi
done
