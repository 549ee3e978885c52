osiris_folder=/etc/ssh/sshd_config.d
osiris_file=$osiris_folder/00-osiris-root.conf
osiris_new=$osiris_folder/.00-osiris-root.new
case $OSIRIS_SNAPSHOT in
  absent)
    rm -f "$osiris_file" || fail "$osiris_file cannot be removed"
    ;;
  present*)
    osiris_content=${OSIRIS_SNAPSHOT#present}
    { printf '%s\n' "${osiris_content#"$osiris_feed"}" >"$osiris_new" && chmod 644 "$osiris_new" && mv -f "$osiris_new" "$osiris_file"; } ||
      fail "$osiris_file cannot be written"
    ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
changed
osiris_sshd=$(command -v sshd) || fail 'no SSH server is installed'
"$osiris_sshd" -t 2>/dev/null || fail 'the server refuses its configuration'
for osiris_unit in ssh sshd; do
  if systemctl is-active --quiet "$osiris_unit.service" 2>/dev/null; then
    systemctl reload "$osiris_unit.service" || fail "$osiris_unit.service does not reload"
    break
  fi
done
