case $OSIRIS_SNAPSHOT in
  'auditd '*"$osiris_feed"*) ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
osiris_was=${OSIRIS_SNAPSHOT%%"$osiris_feed"*}
osiris_active=${osiris_was#* }
osiris_enabled=${osiris_active#* }
osiris_kernel=${osiris_enabled#* }
changed
audit_restore "${OSIRIS_SNAPSHOT#*"$osiris_feed"}" "${osiris_active%% *}" "${osiris_enabled%% *}" "$osiris_kernel" || fail 'auditd cannot be put back'
