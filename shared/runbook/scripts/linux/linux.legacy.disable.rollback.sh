case $OSIRIS_SNAPSHOT in
  units*) ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
osiris_units=$(printf '%s\n' "$OSIRIS_SNAPSHOT" | awk '$0 == "inetd" { exit } $1 == "unit" { print $2, $3, $4 }')
printf '%s\n' "$osiris_units" | while read -r osiris_unit osiris_active osiris_start; do
  [ -n "$osiris_unit" ] || continue
  case $osiris_unit in
    *[!A-Za-z0-9@._-]* | -*) fail 'the snapshot is not one of this runbook' ;;
  esac
  if [ "$osiris_start" = enabled ] && [ "$(systemctl show -p UnitFileState "$osiris_unit" 2>/dev/null)" != UnitFileState=enabled ]; then
    systemctl enable "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be enabled"
    changed
  fi
  if [ "$osiris_active" = active ] && ! systemctl is-active --quiet "$osiris_unit" 2>/dev/null; then
    systemctl start "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit does not start"
    changed
  fi
done || exit 1
case $OSIRIS_SNAPSHOT in
  *"${osiris_feed}inetd$osiris_feed"*) ;;
  *) exit 0 ;;
esac
osiris_content=${OSIRIS_SNAPSHOT#*"${osiris_feed}inetd$osiris_feed"}
if [ -f /etc/inetd.conf ] && [ "$(cat /etc/inetd.conf)" = "$osiris_content" ]; then
  exit 0
fi
osiris_new=/etc/.inetd.conf.osiris
rm -f "$osiris_new"
{ printf '%s\n' "$osiris_content" >"$osiris_new" && chmod 644 "$osiris_new" && mv -f "$osiris_new" /etc/inetd.conf; } || fail '/etc/inetd.conf cannot be written'
changed
for osiris_unit in inetutils-inetd openbsd-inetd inetd; do
  if systemctl is-active --quiet "$osiris_unit.service" 2>/dev/null; then
    systemctl restart "$osiris_unit.service" >/dev/null 2>&1 || fail "$osiris_unit.service does not restart"
  fi
done
