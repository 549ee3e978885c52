if [ -e /etc/NIXOS ]; then
  fail 'NixOS starts what its configuration says: take it out of configuration.nix'
fi
osiris_done=
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  for osiris_unit in telnet.socket rsh.socket rlogin.socket rexec.socket telnetd.service inetutils-telnetd.socket in.telnetd.service rshd.service rlogind.service; do
    osiris_show=$(systemctl show -p LoadState -p ActiveState -p UnitFileState "$osiris_unit" 2>/dev/null) || fail 'systemd cannot be asked'
    case $osiris_show in
      *LoadState=loaded*) ;;
      *) continue ;;
    esac
    case $osiris_show in
      *ActiveState=active* | *ActiveState=activating* | *UnitFileState=enabled*) ;;
      *) continue ;;
    esac
    changed
    systemctl disable --now "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be switched off"
    note "$osiris_unit was switched off."
    osiris_done=yes
  done
fi
if [ -f /etc/inetd.conf ] && [ ! -L /etc/inetd.conf ] && grep -Eq '^([^#[:space:]]*:)?(telnet|shell|login|exec)[[:space:]]' /etc/inetd.conf; then
  # The file is the administrator's and update-inetd's; the lines become its comments.
  osiris_new=/etc/.inetd.conf.osiris
  rm -f "$osiris_new"
  changed
  { sed -E 's/^(([^#[:space:]]*:)?(telnet|shell|login|exec)[[:space:]])/#<off># \1/' /etc/inetd.conf >"$osiris_new" && chmod 644 "$osiris_new" && mv -f "$osiris_new" /etc/inetd.conf; } ||
    fail '/etc/inetd.conf cannot be written'
  osiris_done=yes
  for osiris_unit in inetutils-inetd openbsd-inetd inetd xinetd; do
    if systemctl is-active --quiet "$osiris_unit.service" 2>/dev/null; then
      systemctl restart "$osiris_unit.service" >/dev/null 2>&1 || fail "$osiris_unit.service does not restart"
      note "$osiris_unit was restarted."
    fi
  done
fi
[ -n "$osiris_done" ] || fail 'what listens is started by something that this does not switch off, such as a file of xinetd.d: a person has to'
