case $OSIRIS_SNAPSHOT in
  'auditd '*"$osiris_feed"*) ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
osiris_was=${OSIRIS_SNAPSHOT%%"$osiris_feed"*}
osiris_was=${osiris_was#* }
changed
audit_restore "${OSIRIS_SNAPSHOT#*"$osiris_feed"}" "${osiris_was% *}" "${osiris_was#* }" || fail 'auditd cannot be put back'
