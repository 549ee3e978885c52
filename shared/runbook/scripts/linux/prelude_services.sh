# Services by systemd or OpenRC; where there is neither, none is there.
osiris_systemd() { [ -d /run/systemd/system ]; }
osiris_openrc() { command -v rc-service >/dev/null 2>&1; }
service_there() {
  if osiris_systemd; then
    # A second name of a service is not one.
    case $(systemctl show -p Id -p LoadState "$1.service" 2>/dev/null) in
      *"Id=$1.service"*LoadState=loaded*) return 0 ;;
    esac
    return 1
  else
    osiris_openrc && [ -x "/etc/init.d/$1" ]
  fi
}
service_active() {
  if osiris_systemd; then
    systemctl is-active --quiet "$1.service" 2>/dev/null
  else
    osiris_openrc && rc-service "$1" status >/dev/null 2>&1
  fi
}
service_enabled() {
  if osiris_systemd; then
    systemctl is-enabled --quiet "$1.service" 2>/dev/null
  else
    osiris_openrc && [ -e "/etc/runlevels/default/$1" ]
  fi
}
# service_do VERB NAME: start, stop, restart, reload, enable or disable.
service_do() {
  if osiris_systemd; then
    systemctl "$1" "$2.service" >/dev/null 2>&1
    return
  fi
  osiris_openrc || return 1
  case $1 in
    enable) rc-update add "$2" default >/dev/null 2>&1 ;;
    disable) rc-update del "$2" default >/dev/null 2>&1 ;;
    *) rc-service "$2" "$1" >/dev/null 2>&1 ;;
  esac
}
# service_state NAME: prints "NAME active enabled", with inactive and disabled.
service_state() {
  osiris_is=inactive osiris_boots=disabled
  if service_active "$1"; then osiris_is=active; fi
  if service_enabled "$1"; then osiris_boots=enabled; fi
  printf '%s %s %s\n' "$1" "$osiris_is" "$osiris_boots"
}
# service_restore NAME ACTIVE ENABLED, as service_state gave them.
service_restore() {
  case $3 in
    enabled) service_enabled "$1" || service_do enable "$1" ;;
    *) ! service_enabled "$1" || service_do disable "$1" ;;
  esac || return 1
  case $2 in
    active) service_active "$1" || service_do start "$1" ;;
    *) ! service_active "$1" || service_do stop "$1" ;;
  esac
}
