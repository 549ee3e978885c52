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
case $osiris_mode in
  *[!0-9:\ ]* | *\ *\ * | :* | *:) fail 'the snapshot is not one of this runbook' ;;
  [0-9]*\ [0-9]*:[0-9]*) ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
keep_file /etc/inetd.conf
case $osiris_rest in
  absent)
    if [ "$osiris_kept" = absent ]; then exit 0; fi
    rm -f /etc/inetd.conf || fail '/etc/inetd.conf cannot be removed'
    ;;
  present"$osiris_feed"*.)
    osiris_text=${osiris_rest#present"$osiris_feed"}
    if [ "$osiris_kept" != absent ] && [ "$(cat /etc/inetd.conf && printf .)" = "$osiris_text" ] && [ "$(stat -c '%a %u:%g' /etc/inetd.conf)" = "$osiris_mode" ]; then
      exit 0
    fi
    osiris_fresh=/etc/.osiris-new
    {
      rm -f "$osiris_fresh" && printf '%s' "${osiris_text%.}" >"$osiris_fresh" && chown "${osiris_mode#* }" "$osiris_fresh" &&
        chmod "${osiris_mode%% *}" "$osiris_fresh" && mv -f "$osiris_fresh" /etc/inetd.conf
    } || fail '/etc/inetd.conf cannot be written'
    ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
changed
for osiris_unit in inetutils-inetd openbsd-inetd inetd; do
  if service_active "$osiris_unit"; then
    service_do restart "$osiris_unit" || fail "$osiris_unit does not restart"
  fi
done
