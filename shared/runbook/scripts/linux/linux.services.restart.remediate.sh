# Servers that failed are started again. Jobs are not run for it, what carries this
# connection is not touched, and no failure is merely forgotten.
osiris_systemd || fail 'this restarts units of systemd, which is not here'
# What these start and stop may be down here because it runs on another host.
for osiris_unit in pacemaker.service corosync.service patroni.service keepalived.service repmgrd.service; do
  if service_active "${osiris_unit%.service}"; then
    fail "$osiris_unit runs, and decides what else does: a person has to look"
  fi
done
osiris_units=$(systemctl list-units --failed --all --plain --no-legend --no-pager 2>/dev/null) || fail 'systemd cannot be asked'
osiris_started=
osiris_left=
for osiris_unit in $(printf '%s\n' "$osiris_units" | awk 'NF && ++count <= 40 { print $1 }'); do
  case $osiris_unit in
    networking.service | network.service | NetworkManager*.service | systemd-networkd*.service | systemd-resolved.service | wpa_supplicant*.service | wg-quick@* | openvpn* | \
      ifup@* | nftables.service | iptables.service | firewalld.service | ufw.service | dbus*.service | systemd-logind.service | user@* | user-runtime-dir@* | session-*)
      osiris_left="$osiris_left $osiris_unit"
      continue
      ;;
    *.service) ;;
    *)
      osiris_left="$osiris_left $osiris_unit"
      continue
      ;;
  esac
  osiris_show=$(systemctl show -p Type -p RemainAfterExit -p LoadState -p UnitFileState -p WantedBy -p RequiredBy -p TriggeredBy "$osiris_unit" 2>/dev/null) || fail "$osiris_unit cannot be looked at"
  # What nothing asks for was started by somebody, once.
  if ! printf '%s\n' "$osiris_show" | grep -Eq '^(UnitFileState=(enabled|enabled-runtime|generated)$|(WantedBy|RequiredBy|TriggeredBy)=.)'; then
    osiris_left="$osiris_left $osiris_unit"
    continue
  fi
  case $osiris_show in
    *Type=oneshot*)
      osiris_left="$osiris_left $osiris_unit"
      continue
      ;;
    *LoadState=loaded*) ;;
    *)
      osiris_left="$osiris_left $osiris_unit"
      continue
      ;;
  esac
  changed
  # One that failed too often is held back until this.
  systemctl reset-failed "$osiris_unit" >/dev/null 2>&1
  if systemctl start "$osiris_unit" >/dev/null 2>&1; then
    note "$osiris_unit was started."
    osiris_started=yes
  else
    osiris_left="$osiris_left $osiris_unit"
  fi
done
if [ -n "$osiris_left" ]; then
  note "Left to a person:$osiris_left."
fi
[ -n "$osiris_started" ] || fail "no unit could be started; a person has to look at:$osiris_left"
# One that falls over at once is not up.
sleep 3
