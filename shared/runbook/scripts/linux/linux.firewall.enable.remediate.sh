mutable_etc 'networking.firewall.enable'
case $(firewall_input) in
  drop)
    note 'Input is dropped by default already.'
    exit 0
    ;;
  '') fail "the kernel's rules cannot be read" ;;
esac
own_connection || fail 'the port that this came over cannot be told, so neither what has to stay open'

# Whoever writes rules of his own would lose them, or undo ours.
for osiris_unit in docker podman containerd crio kubelet k3s k3s-agent rke2-server rke2-agent libvirtd; do
  if service_active "$osiris_unit"; then
    fail "$osiris_unit writes rules of its own: a person has to set up the firewall"
  fi
done
if nft list ruleset 2>/dev/null | grep -E -q 'chain (DOCKER|KUBE-|cali-|CILIUM|LIBVIRT|CNI-|FLANNEL)'; then
  fail 'containers or virtual machines have rules of their own: a person has to set up the firewall'
fi

osiris_manager=$(firewall_manager)
case $osiris_manager in
  none) fail 'neither ufw nor firewalld nor nftables is installed' ;;
  firewalld)
    service_active firewalld && fail 'firewalld runs, and its zone accepts everything: a person has to choose another'
    command -v firewall-offline-cmd >/dev/null || fail 'there is no firewall-offline-cmd'
    # What is bound to a source or a card could keep out whom we cannot stand in for.
    if cat /etc/firewalld/zones/*.xml 2>/dev/null | grep -E -q '<(source|interface|drop|reject)[ />]'; then
      fail 'zones of firewalld are bound to sources or cards, or refuse some: a person has to start it'
    fi
    for osiris_file in /etc/firewalld/policies/*.xml; do
      [ ! -e "$osiris_file" ] || fail 'firewalld has policies of its own: a person has to start it'
    done
    if grep -E -q '<(rule|passthrough|chain)[ />]' /etc/firewalld/direct.xml 2>/dev/null; then
      fail 'firewalld has direct rules: a person has to start it'
    fi
    if cat /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/* /etc/sysconfig/network-scripts/ifcfg-* 2>/dev/null |
      grep -E -q '^[[:space:]]*(zone|ZONE)[[:space:]]*=[[:space:]]*[^[:space:]]'; then
      fail 'a connection of the network names a zone of firewalld: a person has to start it'
    fi
    ;;
  ufw)
    if ufw show added 2>/dev/null | grep -E -q '^ufw (route )?(insert [0-9]+ )?(deny|reject)'; then
      fail 'ufw has rules that refuse some, which nobody has seen at work: a person has to enable it'
    fi
    ;;
  nftables)
    osiris_systemd || fail 'without systemd nothing would load the rules at boot: install ufw'
    # A chain of fail2ban only drops, and stands beside any other.
    if nft list ruleset 2>/dev/null | awk '
      $1 == "table" { table = $3 }
      $1 == "chain" { input = 0; next }
      /hook input/ { input = 1; next }
      $1 == "}" { input = 0; next }
      input && NF && table !~ /^(f2b|osiris_filter)/ { found = 1 }
      END { exit !found }'; then
      fail 'a ruleset for input is in use that has no manager here: a person has to complete it'
    fi
    ;;
esac

# What stays open: SSH, where the server listens and where we came in, and what the site names.
osiris_tcp=$({
  printf '%s\n' "$osiris_own_port"
  sshd_tell -T | awk '$1 == "port" { print $2 }'
  printf '%s\n' "$OSIRIS_P_allow_tcp" | tr ',' '\n'
} | awk '/^[0-9]+$/ && $1 > 0 && $1 < 65536 && !seen[$1]++ { printf "%s ", $1 }')
osiris_udp=$(printf '%s\n' "$OSIRIS_P_allow_udp" | tr ',' '\n' | awk '/^[0-9]+$/ && $1 > 0 && $1 < 65536 && !seen[$1]++ { printf "%s ", $1 }')

# The kernel writes addresses in the order of the processor.
osiris_little=yes
case $(uname -m 2>/dev/null) in
  s390* | ppc | ppc64 | mips | mips64 | sparc* | parisc* | m68k | *_be | *eb) osiris_little=no ;;
esac
# osiris_open FILES STATE: the ports at which others than the host itself are served.
osiris_open() {
  cat "$1" "${1}6" 2>/dev/null | awk -v state="$2" -v little="$osiris_little" '
    function number(hex, i, n) {
      for (i = 1; i <= length(hex); i++) n = n * 16 + index("0123456789ABCDEF", substr(hex, i, 1)) - 1
      return n
    }
    $4 == state {
      at = index($2, ":")
      host = substr($2, 1, at - 1)
      if (host == "00000000000000000000000001000000" || host == "00000000000000000000000000000001") next
      if (length(host) == 8 || host ~ /^0000000000000000(FFFF0000|0000FFFF)/) {
        host = substr(host, length(host) - 7)
        if (host ~ (little == "yes" ? "7F$" : "^7F")) next
      }
      port = number(substr($2, at + 1))
      if (!seen[port]++) print port
    }' | sort -n
}
osiris_closed=
for osiris_port in $(osiris_open /proc/net/tcp 0A); do
  case " $osiris_tcp" in
    *" $osiris_port "*) ;;
    *) osiris_closed="$osiris_closed$osiris_port/tcp " ;;
  esac
done
# DHCP is let through. What the kernel gave a program for its own questions is not
# told from what it serves; WireGuard and Tailscale are the services among those.
osiris_first=$(awk '{ print $1 }' /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null)
osiris_last=$(awk '{ print $2 }' /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null)
whole_number "$osiris_first" && whole_number "$osiris_last" || osiris_first=32768 osiris_last=60999
osiris_wireguard=" $(wg show all listen-port 2>/dev/null | awk '{ printf "%s ", $NF }')"
for osiris_port in $(osiris_open /proc/net/udp 07); do
  case " $osiris_udp 68 546 " in
    *" $osiris_port "*) ;;
    *)
      case " 51820 41641$osiris_wireguard" in
        *" $osiris_port "*) ;;
        *) [ "$osiris_port" -lt "$osiris_first" ] || [ "$osiris_port" -gt "$osiris_last" ] || continue ;;
      esac
      osiris_closed="$osiris_closed$osiris_port/udp "
      ;;
  esac
done
if [ -n "$osiris_closed" ] && [ "$OSIRIS_P_close_others" != true ]; then
  fail "services listen at ${osiris_closed}which would be cut off: name them in allow_tcp and allow_udp, or set close_others"
fi
# Neither TCP nor UDP: GRE, VRRP, OSPF and IPsec have no port that could be named.
osiris_others=$(cat /proc/net/raw /proc/net/raw6 2>/dev/null | awk '
  $1 ~ /^[0-9]+:$/ {
    n = toupper(substr($2, index($2, ":") + 1))
    n = (index("0123456789ABCDEF", substr(n, 3, 1)) - 1) * 16 + index("0123456789ABCDEF", substr(n, 4, 1)) - 1
    if (n != 1 && n != 2 && n != 6 && n != 17 && n != 58 && n != 255 && !seen[n]++) printf "protocol %d, ", n
  }')
[ -z "$(ip xfrm state 2>/dev/null)" ] || osiris_others="${osiris_others}IPsec, "
for osiris_type in wireguard gre gretap ip6gre ip6gretap ipip sit; do
  if ip -o link show type "$osiris_type" 2>/dev/null | grep -E -v -q '^[0-9]+: (gre0|gretap0|ip6gre0|tunl0|sit0)@'; then
    case $osiris_type,$osiris_wireguard in
      "wireguard, "*[0-9]*) ;; # its ports are known
      *) osiris_others="${osiris_others}a tunnel of $osiris_type, " ;;
    esac
  fi
done
if [ -n "$osiris_others" ] && [ "$OSIRIS_P_close_others" != true ]; then
  fail "in use are ${osiris_others}which would be cut off: a person has to set up the firewall, or set close_others"
fi

# A new connection to the address that we came to, through another interface than
# lo: from a network namespace behind a pair of virtual cards.
osiris_probe() {
  unshare -n sleep 40 >/dev/null 2>&1 &
  osiris_room=$!
  osiris_answer=1
  sleep 1
  # An address of IPv6 is used once it was looked for elsewhere, which takes two seconds.
  osiris_near=169.254.253.1 osiris_far=169.254.253.2 osiris_family=-4 osiris_bits=30
  case $osiris_own in
    *:*) osiris_near=fd6f:7369:7269::1 osiris_far=fd6f:7369:7269::2 osiris_family=-6 osiris_bits=64 ;;
  esac
  if [ "$(readlink "/proc/$osiris_room/ns/net")" != "$(readlink "/proc/$$/ns/net")" ] &&
    ip link add osirisfw0 type veth peer name osirisfw1 netns "$osiris_room" 2>/dev/null &&
    ip "$osiris_family" addr add "$osiris_near/$osiris_bits" dev osirisfw0 && ip link set osirisfw0 up &&
    nsenter -t "$osiris_room" -n ip "$osiris_family" addr add "$osiris_far/$osiris_bits" dev osirisfw1 &&
    nsenter -t "$osiris_room" -n ip link set osirisfw1 up && { [ "$osiris_family" = -4 ] || sleep 3; } &&
    nsenter -t "$osiris_room" -n ip "$osiris_family" route add default via "$osiris_near"; then
    nsenter -t "$osiris_room" -n ssh-keyscan -T 5 -t ed25519 -p "$osiris_own_port" "$osiris_own" 2>&1 | grep -q '^# .* SSH-' && osiris_answer=0
  fi
  ip link del osirisfw0 2>/dev/null
  kill "$osiris_room" 2>/dev/null
  wait "$osiris_room" 2>/dev/null
  return "$osiris_answer"
}
for osiris_tool in ip unshare nsenter ssh-keyscan readlink sort; do
  command -v "$osiris_tool" >/dev/null || fail "there is no $osiris_tool, so that it cannot be seen whether SSH stays open"
done
osiris_probe || fail 'a second connection cannot be made from here, so that it cannot be seen whether SSH stays open'

osiris_before=$(firewall_state)
osiris_undo() {
  # The way back stays armed until it was seen that nobody is kept out.
  if ! firewall_restore "$osiris_before" || [ "$(firewall_input)" = drop ]; then
    fail "$1; and the firewall cannot be put back: it is switched off within 90 seconds"
  fi
  rm -f "$osiris_armed"
  fail "$1"
}
# Whatever becomes of us, in 90 seconds the firewall is off again, unless it was
# seen that a new connection gets through. The token tells one run from the next;
# while it lies there the check answers that it does not know.
osiris_token=$$.$(date +%s)
osiris_armed=/run/osiris-firewall.armed
case $osiris_manager in
  ufw) osiris_close='ufw --force disable' ;;
  firewalld) osiris_close='systemctl disable --now firewalld.service || rc-service firewalld stop' ;;
  nftables)
    osiris_close="rm -f $(nftables_drop_in)
systemctl disable osiris-firewall.service
systemctl daemon-reload
nft delete table inet osiris_filter"
    ;;
esac
put_file /run/osiris-firewall.sh 700 "# Written by Osiris, runbook linux.firewall.enable.
PATH=$PATH
sleep 90
[ \"\$(cat $osiris_armed 2>/dev/null)\" = '$osiris_token' ] || exit 0
rm -f $osiris_armed
$osiris_close" || fail 'nothing can be written below /run'
put_file "$osiris_armed" 600 "$osiris_token" || fail 'nothing can be written below /run'
if osiris_systemd && command -v systemd-run >/dev/null; then
  systemd-run --quiet --collect sh /run/osiris-firewall.sh 2>/dev/null || osiris_undo 'the way back cannot be prepared'
else
  (trap '' HUP && exec sh /run/osiris-firewall.sh) </dev/null >/dev/null 2>&1 &
fi

case $osiris_manager in
  ufw)
    osiris_rules=$(ufw_rules)
    for osiris_port in $osiris_tcp; do
      printf '%s\n' "$osiris_rules" | ufw_port "$osiris_port" tcp ||
        ufw allow "$osiris_port/tcp" >/dev/null 2>&1 || osiris_undo "ufw does not allow $osiris_port/tcp"
    done
    for osiris_port in $osiris_udp; do
      printf '%s\n' "$osiris_rules" | ufw_port "$osiris_port" udp ||
        ufw allow "$osiris_port/udp" >/dev/null 2>&1 || osiris_undo "ufw does not allow $osiris_port/udp"
    done
    if [ "$(ufw_policy)" = allow ]; then
      ufw default deny incoming >/dev/null 2>&1 || osiris_undo 'ufw does not change its policy'
    fi
    ufw --force enable >/dev/null 2>&1 || osiris_undo 'ufw cannot be enabled'
    ;;
  firewalld)
    for osiris_port in $osiris_tcp; do
      firewall-offline-cmd --add-port "$osiris_port/tcp" >/dev/null 2>&1 || osiris_undo "firewalld does not allow $osiris_port/tcp"
    done
    for osiris_port in $osiris_udp; do
      firewall-offline-cmd --add-port "$osiris_port/udp" >/dev/null 2>&1 || osiris_undo "firewalld does not allow $osiris_port/udp"
    done
    service_do enable firewalld || osiris_undo 'firewalld cannot be enabled'
    service_do start firewalld || osiris_undo 'firewalld does not start'
    # Whoever else binds a card to a zone: the probe's own card is in the default one.
    if firewall-cmd --get-active-zones 2>/dev/null | awk -v zone="$(firewall-cmd --get-default-zone 2>/dev/null)" '
      /^[^ \t]/ { here = $1 }
      /^[ \t]+(interfaces|sources):/ && NF > 1 && here != zone { found = 1 }
      END { exit !found }'; then
      osiris_undo 'a card is in another zone than the one that was opened'
    fi
    ;;
  nftables)
    [ -d /etc/osiris ] || mkdir -m 700 /etc/osiris || osiris_undo '/etc/osiris cannot be made'
    osiris_folder=$(nftables_drop_in)
    osiris_folder=${osiris_folder%/*}
    [ -d "$osiris_folder" ] || mkdir -m 755 "$osiris_folder" || osiris_undo "$osiris_folder cannot be made"
    osiris_list() { printf '%s\n' "$1" | sed -e 's/ *$//' -e 's/ /, /g'; }
    osiris_text="# Written by Osiris, runbook linux.firewall.enable. Changes here are undone.
table inet osiris_filter
delete table inet osiris_filter
table inet osiris_filter {
  chain input {
    type filter hook input priority 10; policy drop;
    iifname \"lo\" accept
    ct state established,related accept
    meta l4proto { icmp, igmp, ipv6-icmp } accept
    udp sport 67 udp dport 68 accept
    udp sport 547 udp dport 546 accept
    tcp dport { $(osiris_list "$osiris_tcp") } accept"
    if [ -n "$osiris_udp" ]; then
      osiris_text="$osiris_text
    udp dport { $(osiris_list "$osiris_udp") } accept"
    fi
    put_file /etc/osiris/firewall.nft 600 "$osiris_text
  }
}" || osiris_undo '/etc/osiris/firewall.nft cannot be written'
    nft -c -f /etc/osiris/firewall.nft 2>/dev/null || osiris_undo 'nft refuses the rules'
    osiris_nft=$(command -v nft)
    # nftables.service flushes all rules, whenever it starts: ours come after it, each time.
    put_file "$(nftables_drop_in)" 644 "# Written by Osiris, runbook linux.firewall.enable.
[Service]
ExecStartPost=-$osiris_nft -f /etc/osiris/firewall.nft
ExecReload=-$osiris_nft -f /etc/osiris/firewall.nft" || osiris_undo 'the drop-in of nftables.service cannot be written'
    put_file /etc/systemd/system/osiris-firewall.service 644 "# Written by Osiris, runbook linux.firewall.enable.
[Unit]
Description=Host firewall of Osiris
DefaultDependencies=no
After=nftables.service
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$osiris_nft -f /etc/osiris/firewall.nft
ExecStop=-$osiris_nft delete table inet osiris_filter
[Install]
WantedBy=sysinit.target" || osiris_undo 'the service cannot be written'
    systemctl daemon-reload >/dev/null 2>&1
    service_do enable osiris-firewall || osiris_undo 'the service cannot be enabled'
    service_do restart osiris-firewall || osiris_undo 'the service does not start'
    ;;
esac
[ "$(firewall_input)" = drop ] || osiris_undo 'input is still accepted'
osiris_probe || osiris_undo 'SSH does not stay open'
rm -f "$osiris_armed"
changed
note "Open are ${osiris_tcp}(TCP) and ${osiris_udp:-none }(UDP). A new connection through a virtual card got in."
