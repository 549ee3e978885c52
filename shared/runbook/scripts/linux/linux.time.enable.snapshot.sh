for osiris_unit in chrony chronyd systemd-timesyncd ntpsec ntp ntpd openntpd; do
  if service_there "$osiris_unit"; then
    state "$(service_state "$osiris_unit")"
  fi
done
state end
