printf '%s\n' "$OSIRIS_SNAPSHOT" | while read -r osiris_unit osiris_active osiris_start; do
  case $osiris_unit in
    *[!A-Za-z0-9@._-]* | '' | -*) fail 'the snapshot is not one of this runbook' ;;
  esac
  case $osiris_active in
    active | activating | reloading) ;;
    *)
      if systemctl is-active --quiet "$osiris_unit" 2>/dev/null; then
        systemctl stop "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be stopped"
        changed
      fi
      ;;
  esac
  if [ "$osiris_start" = disabled ] && [ "$(systemctl show -p UnitFileState "$osiris_unit" 2>/dev/null)" != UnitFileState=disabled ]; then
    systemctl disable "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be disabled"
    changed
  fi
done
