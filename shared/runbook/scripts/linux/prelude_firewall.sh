# What the parts about the firewall share.

# firewall_input: prints drop or accept, what becomes of input that no rule names,
# or nothing where that cannot be read. A last rule that drops or rejects all is
# as good as a policy. IPv6 counts where the host has it.
firewall_input() {
  if osiris_rules=$(nft list ruleset 2>/dev/null); then
    osiris_families=$(printf '%s\n' "$osiris_rules" | awk '
      $1 == "table" { family = $2 }
      $1 == "chain" { input = drop = 0; last = ""; next }
      /type filter hook input/ { input = 1; drop = /policy drop/; next }
      $1 == "}" { if (input && (drop || last ~ /^[ \t]*(counter( packets [0-9]+ bytes [0-9]+)? )?(drop|reject( with .*)?)( comment .*)?$/)) print family; input = 0; next }
      input && NF && $1 !~ /^#/ { last = $0 }')
  elif command -v iptables >/dev/null; then
    osiris_families=
  else
    return
  fi
  osiris_four=no osiris_six=no
  for osiris_family in $osiris_families; do
    case $osiris_family in
      inet) osiris_four=yes osiris_six=yes ;;
      ip) osiris_four=yes ;;
      ip6) osiris_six=yes ;;
    esac
  done
  if [ "$osiris_four" = no ] && firewall_old iptables; then osiris_four=yes; fi
  if [ "$osiris_six" = no ] && firewall_old ip6tables; then osiris_six=yes; fi
  if [ "$osiris_four" = yes ] && { [ "$osiris_six" = yes ] || [ ! -s /proc/net/if_inet6 ]; }; then
    echo drop
  else
    echo accept
  fi
}
# The old iptables keeps its tables where nft does not look.
firewall_old() {
  for osiris_tool in "$1-legacy" "$1"; do
    if command -v "$osiris_tool" >/dev/null && "$osiris_tool" -S INPUT 2>/dev/null | awk '
      { last = $0 } /^-P INPUT DROP/ { drop = 1 }
      END { exit !(drop || last ~ /^-A INPUT -j (DROP|REJECT)/) }'; then
      return 0
    fi
  done
  return 1
}

# firewall_manager: ufw, firewalld, nftables or none; what runs before what is there.
firewall_manager() {
  if command -v firewall-cmd >/dev/null && service_active firewalld; then
    echo firewalld
  elif command -v ufw >/dev/null && [ -f /etc/ufw/ufw.conf ]; then
    echo ufw
  elif command -v firewall-cmd >/dev/null; then
    echo firewalld
  elif command -v nft >/dev/null; then
    echo nftables
  else
    echo none
  fi
}
ufw_enabled() { awk -F= '/^[ \t]*ENABLED[ \t]*=/ { gsub(/[ \t"\047]/, "", $2); on = tolower($2) == "yes" } END { exit !on }' /etc/ufw/ufw.conf; }
ufw_policy() { awk -F= '/^[ \t]*DEFAULT_INPUT_POLICY[ \t]*=/ { gsub(/[ \t"\047]/, "", $2); p = $2 } END { print p == "ACCEPT" ? "allow" : p == "REJECT" ? "reject" : "deny" }' /etc/default/ufw; }
ufw_rules() { ufw show added 2>/dev/null | grep '^ufw allow [0-9]*/[tu][cd]p$'; }

nftables_drop_in() { echo /etc/systemd/system/nftables.service.d/90-osiris.conf; }

# firewall_state: what firewall_restore puts back.
firewall_state() {
  osiris_manager=$(firewall_manager)
  printf '%s\n' "$osiris_manager"
  case $osiris_manager in
    ufw)
      if ufw_enabled; then echo enabled; else echo disabled; fi
      ufw_policy
      ufw_rules
      ;;
    firewalld)
      service_state firewalld
      if ! service_active firewalld; then
        firewall-offline-cmd --list-ports 2>/dev/null
      fi
      ;;
    nftables)
      keep_file /etc/osiris/firewall.nft
      printf '%s\n' "$osiris_kept"
      ;;
  esac
}
# firewall_restore STATE
firewall_restore() {
  osiris_manager=${1%%"$osiris_feed"*}
  osiris_rest=${1#*"$osiris_feed"}
  case $osiris_manager in
    ufw)
      osiris_failed=no
      if [ "${osiris_rest%%"$osiris_feed"*}" = disabled ]; then
        ufw --force disable >/dev/null 2>&1 || osiris_failed=yes
      fi
      osiris_rest=${osiris_rest#*"$osiris_feed"}
      ufw_rules | while IFS= read -r osiris_rule; do
        case "$osiris_feed$osiris_rest$osiris_feed" in
          *"$osiris_feed$osiris_rule$osiris_feed"*) ;;
          *) ufw delete allow "${osiris_rule#ufw allow }" >/dev/null 2>&1 ;;
        esac
      done
      osiris_policy=${osiris_rest%%"$osiris_feed"*}
      [ "$osiris_policy" = "$(ufw_policy)" ] || ufw default "$osiris_policy" incoming >/dev/null 2>&1
      [ "$osiris_failed" = no ] || return 1
      ;;
    firewalld)
      osiris_was=${osiris_rest%%"$osiris_feed"*}
      osiris_was=${osiris_was#* }
      service_restore firewalld "${osiris_was% *}" "${osiris_was#* }" || return 1
      if ! service_active firewalld; then
        for osiris_port in $(firewall-offline-cmd --list-ports 2>/dev/null); do
          case " ${osiris_rest##*"$osiris_feed"} " in
            *" $osiris_port "*) ;;
            *) firewall-offline-cmd --remove-port "$osiris_port" >/dev/null 2>&1 ;;
          esac
        done
      fi
      ;;
    nftables)
      if [ "$osiris_rest" = absent ]; then
        systemctl disable --now osiris-firewall.service >/dev/null 2>&1
        osiris_drop_in=$(nftables_drop_in)
        rm -f /etc/systemd/system/osiris-firewall.service "$osiris_drop_in"
        rmdir "${osiris_drop_in%/*}" 2>/dev/null
        systemctl daemon-reload >/dev/null 2>&1
        nft delete table inet osiris_filter 2>/dev/null
        restore_file /etc/osiris/firewall.nft 600 absent
        rmdir /etc/osiris 2>/dev/null
        return 0
      fi
      restore_file /etc/osiris/firewall.nft 600 "$osiris_rest"
      nft -f /etc/osiris/firewall.nft
      ;;
    none) ;;
    *) return 1 ;;
  esac
}
