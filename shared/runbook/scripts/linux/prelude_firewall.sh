# What the parts about the firewall share.

# firewall_input: prints drop or accept, what becomes of input that no rule names,
# or nothing where that cannot be read. A last rule that drops or rejects all is
# as good as a policy, one that accepts all as bad, also in a chain that all input
# goes to. IPv6 counts where the host has it; files of /proc have no size.
firewall_input() {
  osiris_four=''
  osiris_six=''
  if osiris_rules=$(nft list ruleset 2>/dev/null); then
    osiris_families=$(printf '%s\n' "$osiris_rules" | firewall_nft | firewall_walk)
    osiris_four=accept osiris_six=accept
    for osiris_family in $osiris_families; do
      case $osiris_family in
        inet) osiris_four=drop osiris_six=drop ;;
        ip) osiris_four=drop ;;
        ip6) osiris_six=drop ;;
      esac
    done
  fi
  if [ "$osiris_four" != drop ]; then osiris_four=$(firewall_old iptables "$osiris_four"); fi
  if [ "$osiris_six" != drop ]; then osiris_six=$(firewall_old ip6tables "$osiris_six"); fi
  if ! grep -q . /proc/net/if_inet6 2>/dev/null; then osiris_six=drop; fi
  case $osiris_four/$osiris_six in
    drop/drop) echo drop ;;
    accept/* | */accept) echo accept ;;
  esac
}
# firewall_old TOOL KNOWN: the old iptables keeps its tables where nft does not
# look. Prints drop or accept, and KNOWN where no tool may read them.
firewall_old() {
  osiris_known=$2
  for osiris_tool in "$1-legacy" "$1"; do
    if command -v "$osiris_tool" >/dev/null && osiris_rules=$("$osiris_tool" -S 2>/dev/null); then
      osiris_known=accept
      if [ -n "$(printf '%s\n' "$osiris_rules" | firewall_legacy | firewall_walk)" ]; then
        echo drop
        return
      fi
    fi
  done
  echo "$osiris_known"
}
# firewall_cards: those that the world comes through: of the default routes, else all
# but virtual ones.
firewall_cards() {
  set --
  for osiris_file in /proc/net/route /proc/net/ipv6_route; do
    if [ -r "$osiris_file" ]; then
      set -- "$@" "$osiris_file"
    fi
  done
  awk '
    FNR == 1 && FILENAME ~ /\/route$/ { next }
    FILENAME ~ /\/route$/ { card = $1; all = $2 == "00000000" && $8 == "00000000" }
    FILENAME !~ /\/route$/ { card = $NF; all = $1 ~ /^0+$/ && $2 == "00" }
    card == "lo" { next }
    all { if (!known[card]++) list = list " " card; next }
    card !~ /^(docker|virbr|br-|veth|cni|podman)/ && !near[card]++ { others = others " " card }
    END { print list == "" ? others : list }' "$@" /dev/null
}
# firewall_nft: what nft lists, as firewall_walk reads it.
firewall_nft() {
  awk '
    $1 == "table" { dormant = 0; chain = ""; family = $2; table = $3; next }
    $1 == "flags" && chain == "" && /dormant/ { dormant = 1; next }
    $1 == "chain" { chain = family "/" table "/" $2; next }
    $1 ~ /^(set|map|flowtable|ct|counter|quota|limit|secmark|synproxy)$/ && $NF == "{" { chain = ""; next }
    $1 == "}" { chain = ""; next }
    chain == "" || dormant || !NF || $1 ~ /^#/ { next }
    /type [a-z]+ hook / {
      if (/type filter hook input/) print "base\t" chain "\t" family "\t" (/policy drop/ ? "drop" : "accept")
      next
    }
    {
      sub(/^[ \t]+/, "")
      sub(/ comment ".*"$/, "")
      while (sub(/^counter (packets [0-9]+ bytes [0-9]+ )?/, "") || sub(/^log( prefix "[^"]*"| (level|group|snaplen|queue-threshold) [a-z0-9]+| flags( (tcp|ip))? [a-z,]+)* /, "")) { }
      print "rule\t" chain "\t" $0
    }'
}
# firewall_legacy: the same of what iptables -S lists.
firewall_legacy() {
  awk '
    $1 == "-P" && $2 == "INPUT" { print "base\told/old/INPUT\told\t" ($3 == "DROP" ? "drop" : "accept"); next }
    $1 != "-A" { next }
    {
      chain = "old/old/" $2
      sub(/^-A [^ ]+ /, "")
      sub(/-m comment --comment ("[^"]*"|[^ ]+) /, "")
      card = ""
      if (match($0, /^-i [^ ]+ /)) { card = "iifname \"" substr($0, 4, RLENGTH - 4) "\" "; $0 = substr($0, RLENGTH + 1) }
      if ($1 == "-g" && NF == 2) rule = "goto " $2
      else if ($1 != "-j") rule = "other"
      else if ($2 == "REJECT") rule = "reject"
      else if (NF > 2) rule = "other"
      else if ($2 ~ /^(ACCEPT|DROP|RETURN)$/) rule = tolower($2)
      else rule = "jump " $2
      print "rule\t" chain "\t" card rule
    }'
}
# firewall_walk: the families whose input is dropped unless a rule names it, by each
# card that the world comes through. A rule with any other condition is passed by.
firewall_walk() {
  awk -F '\t' -v cards="$(firewall_cards)" '
    $1 == "base" { base[++bases] = $2; family[bases] = $3; policy[bases] = $4 }
    $1 == "rule" { rule[$2, ++rules[$2]] = $3 }
    function walk(chain, card, depth,   i, text, name, prefix, met, went) {
      if (depth > 16) return ""
      for (i = 1; i <= rules[chain]; i++) {
        text = rule[chain, i]
        if (match(text, /^iif(name)? (!= )?"[^"]*" /)) {
          name = substr(text, 1, RLENGTH)
          text = substr(text, RLENGTH + 1)
          met = name !~ /!=/
          sub(/^[^"]*"/, "", name)
          sub(/".*/, "", name)
          sub(/\+$/, "*", name)
          prefix = substr(name, 1, length(name) - 1)
          if ((name == card || name == prefix "*" && card != "" && index(card, prefix) == 1) != met || card == "" && met) continue
          while (sub(/^counter (packets [0-9]+ bytes [0-9]+ )?/, "", text)) { }
        }
        if (text == "accept") return "accept"
        if (text ~ /^(drop|reject( with .*)?)$/) return "drop"
        if (text == "return") return ""
        if (text ~ /^(jump|goto) [^ ]+$/) {
          prefix = chain
          sub(/[^\/]*$/, "", prefix)
          went = walk(prefix substr(text, 6), card, depth + 1)
          if (went != "" || text ~ /^goto/) return went
        }
      }
      return ""
    }
    END {
      count = split(cards, card, " ")
      if (count == 0) card[count = 1] = ""
      for (b = 1; b <= bases; b++) {
        drops = 1
        for (c = 1; c <= count; c++) {
          ends = walk(base[b], card[c], 0)
          if ((ends == "" ? policy[b] : ends) != "drop") drops = 0
        }
        if (drops) print family[b]
      }
    }'
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
ufw_active() { ufw status 2>/dev/null | grep -q '^Status: active'; }
ufw_rules() { ufw show added 2>/dev/null | grep '^ufw '; }
# ufw_port PORT PROTOCOL: of the rules on its input, one lets it in from everywhere.
# ufw takes a rule for the same port in the place of it, with its comment and limit.
ufw_port() {
  awk -v port="$1" -v protocol="$2" '
    { sub(/^ufw (allow|limit) (in )?(log(-all)? )?/, "+") && sub(/ comment .*$/, "") }
    $0 == "+" port || $0 == "+" port "/" protocol || $0 == "+OpenSSH" && port "/" protocol == "22/tcp" { found = 1 }
    END { exit !found }'
}

nftables_drop_in() { echo /etc/systemd/system/nftables.service.d/90-osiris.conf; }

# firewall_state: what firewall_restore puts back.
firewall_state() {
  osiris_manager=$(firewall_manager)
  printf '%s\n' "$osiris_manager"
  case $osiris_manager in
    ufw)
      # What runs counts: enabled in its file alone, it is started at the next boot.
      if ufw_active; then echo enabled; elif ufw_enabled; then echo stopped; else echo disabled; fi
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
      osiris_was=${osiris_rest%%"$osiris_feed"*}
      osiris_rest=${osiris_rest#*"$osiris_feed"}
      if [ "$osiris_was" != enabled ] && { ufw_enabled || ufw_active; }; then
        ufw --force disable >/dev/null 2>&1 || osiris_failed=yes
      fi
      osiris_policy=${osiris_rest%%"$osiris_feed"*}
      [ "$osiris_policy" = "$(ufw_policy)" ] || ufw default "$osiris_policy" incoming >/dev/null 2>&1 || osiris_failed=yes
      # Only what remediate may have added, and nobody had before.
      ufw_rules | grep '^ufw allow [0-9]*/[tu][cd]p$' | while IFS= read -r osiris_rule; do
        osiris_port=${osiris_rule#ufw allow }
        printf '%s\n' "$osiris_rest" | ufw_port "${osiris_port%/*}" "${osiris_port#*/}" ||
          ufw delete allow "$osiris_port" >/dev/null 2>&1
      done
      if [ "$osiris_was" = stopped ] && [ "$osiris_failed" = no ] && ! ufw_enabled; then
        put_file /etc/ufw/ufw.conf 644 "$(sed 's/^[ \t]*ENABLED[ \t]*=.*/ENABLED=yes/' /etc/ufw/ufw.conf)" || osiris_failed=yes
      fi
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
