case $OSIRIS_SNAPSHOT in
  'rsyslog '*"$osiris_feed"*) ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
restore_file /etc/rsyslog.d/90-osiris-forward.conf 644 "${OSIRIS_SNAPSHOT#*"$osiris_feed"}"
changed
osiris_was=${OSIRIS_SNAPSHOT%%"$osiris_feed"*}
osiris_was=${osiris_was#* }
if [ "${osiris_was% *}" = active ] && service_active rsyslog; then
  service_do restart rsyslog || fail 'rsyslog does not restart'
fi
service_restore rsyslog "${osiris_was% *}" "${osiris_was#* }" || fail 'rsyslog cannot be put back'
