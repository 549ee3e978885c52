mutable_etc 'the services to start'
osiris_done=
if osiris_systemd; then
  for osiris_unit in $osiris_open_logins; do
    osiris_words=$(unit_words "$osiris_unit") || fail 'systemd cannot be asked'
    case $osiris_words in
      'loaded activ'* | 'loaded '*' enabled') ;;
      *) continue ;;
    esac
    changed
    systemctl disable --now "$osiris_unit" >/dev/null 2>&1 || fail "$osiris_unit cannot be switched off"
    note "$osiris_unit was switched off."
    osiris_done=yes
  done
fi
if [ -f /etc/inetd.conf ] && [ ! -L /etc/inetd.conf ] && grep -Eq '^[[:space:]]*([^#[:space:]]*:)?(telnet|shell|login|exec)[[:space:]]' /etc/inetd.conf; then
  # The file is the administrator's and update-inetd's; the lines become its comments.
  osiris_mode=$(stat -c '%a %u:%g' /etc/inetd.conf) || fail '/etc/inetd.conf cannot be looked at'
  osiris_text=$(sed -E 's/^([[:space:]]*([^#[:space:]]*:)?(telnet|shell|login|exec)[[:space:]])/#<off># \1/' /etc/inetd.conf) || fail '/etc/inetd.conf cannot be read'
  put_file /etc/inetd.conf "${osiris_mode%% *}" "$osiris_text" || fail '/etc/inetd.conf cannot be written'
  changed
  if [ "$(stat -c '%a %u:%g' /etc/inetd.conf)" != "$osiris_mode" ]; then
    { chown "${osiris_mode#* }" /etc/inetd.conf && chmod "${osiris_mode%% *}" /etc/inetd.conf; } || fail '/etc/inetd.conf cannot be given back to its owner'
  fi
  osiris_done=yes
  for osiris_unit in inetutils-inetd openbsd-inetd inetd xinetd; do
    if service_active "$osiris_unit"; then
      service_do restart "$osiris_unit" || fail "$osiris_unit does not restart"
      note "$osiris_unit was restarted."
    fi
  done
fi
[ -n "$osiris_done" ] || fail 'what listens is started by something that this does not switch off, such as a file of xinetd.d or inetd.d: a person has to'
