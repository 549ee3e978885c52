# What the parts about logs share.

# address_words: of each address on its input, the hexadecimal of its bytes: 8 digits
# of an IPv4, 32 of an IPv6; nothing of what is neither.
address_words() {
  awk '
    function group(text) { return length(text) <= 4 && text ~ /^[0-9a-f]+$/ ? substr("0000" text, length(text) + 1) : "-" }
    function groups(text, n, i, out, part) {
      if (text == "") return ""
      n = split(text, part, ":")
      for (i = 1; i <= n; i++) out = out group(part[i])
      return out
    }
    /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/ { split($0, b, "."); printf "%02X%02X%02X%02X\n", b[1], b[2], b[3], b[4]; next }
    /:/ {
      text = tolower($0)
      sub(/%.*/, "", text)
      at = index(text, "::")
      left = groups(at ? substr(text, 1, at - 1) : text)
      right = at ? groups(substr(text, at + 2)) : ""
      while (at && length(left right) < 32) left = left "0000"
      if (length(left right) == 32 && (left right) !~ /-/) print toupper(left right)
    }'
}
# tcp_connected ADDRESS PORT: a connection to it stands. The kernel writes each four
# bytes in the order of the processor. What is no address is not connected.
tcp_connected() {
  osiris_words=$(printf '%s\n' "$1" | address_words)
  [ -n "$osiris_words" ] || return 1
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v address="$osiris_words" -v port="$2" '
    function turned(text, i, out) {
      for (i = 1; i < length(text); i += 8) out = out substr(text, i + 6, 2) substr(text, i + 4, 2) substr(text, i + 2, 2) substr(text, i, 2)
      return out
    }
    BEGIN {
      port = sprintf("%04X", port)
      want[address] = want[turned(address)] = 1
      # As it stands where a socket of IPv6 speaks IPv4.
      if (length(address) == 8) want["0000000000000000FFFF0000" turned(address)] = want["00000000000000000000FFFF" address] = 1
    }
    $4 == "01" {
      at = index($3, ":")
      if (substr($3, at + 1) == port && (substr($3, 1, at - 1) in want)) found = 1
    }
    END { exit !found }'
}

# addresses_of HOST: its addresses; itself where it is one.
addresses_of() {
  case $1 in
    *:*) echo "$1" ;;
    *[!0-9.]*) getent ahosts "$1" 2>/dev/null | awk '!seen[$1]++ && ++count <= 16 { print $1 }' ;;
    *) echo "$1" ;;
  esac
}
# own_host HOST: it is this host itself, by one of its addresses.
own_host() {
  case $1 in
    localhost | localhost.localdomain) return 0 ;;
  esac
  osiris_addresses=$(addresses_of "$1" | address_words)
  [ -n "$osiris_addresses" ] || return 1
  {
    # The tree of routes has each of the host's own IPv4 addresses as a leaf.
    awk '$1 == "|--" { leaf = $2 } /host LOCAL/ { print leaf }' /proc/net/fib_trie 2>/dev/null | address_words
    awk '{ print toupper($1) }' /proc/net/if_inet6 2>/dev/null
    printf '%s\n' "$osiris_addresses" | grep -E '^(7F......|00000000|0{31}[01])$'
  } | grep -q -x -F "$osiris_addresses"
}

# rsyslog_targets FILE...: HOST PORT PROTOCOL of each, in the old form and in the new.
rsyslog_targets() {
  awk '
    function value(text, name) {
      if (!match(tolower(text), "[ \t(]" name "[ \t]*=[ \t]*\"[^\"]*\"")) return ""
      text = substr(text, RSTART, RLENGTH)
      sub(/^[^"]*"/, "", text)
      sub(/"$/, "", text)
      return text
    }
    function say(host, port, protocol) {
      gsub(/[^A-Za-z0-9.:_-]/, "", host)
      if (host != "" && ++count <= 20) print host, port ~ /^[0-9]+$/ ? port : 514, protocol
    }
    { sub(/\r$/, "") }
    /^[ \t]*#/ { next }
    /^[ \t]*([a-zA-Z*][^"()@]*\.[^"()@]*|&|:[^@]*|if [^@]*then)[ \t]+@/ && match($0, /[ \t]@@?(\([^)]*\))?(\[[^]]*\]|[A-Za-z0-9._-]+)(:[0-9]+)?/) {
      text = substr($0, RSTART + 1, RLENGTH - 1)
      protocol = text ~ /^@@/ ? "tcp" : "udp"
      sub(/^@@?(\([^)]*\))?/, "", text)
      port = 514
      if (match(text, /:[0-9]+$/)) { port = substr(text, RSTART + 1); text = substr(text, 1, RSTART - 1) }
      say(text, port, protocol)
      next
    }
    { all = all " " $0 }
    END {
      while (match(tolower(all), /action[ \t]*\([^)]*\)/)) {
        one = substr(all, RSTART, RLENGTH)
        all = substr(all, RSTART + RLENGTH)
        type = tolower(value(one, "type"))
        if (type == "omfwd") say(value(one, "target"), value(one, "port"), tolower(value(one, "protocol")) == "tcp" ? "tcp" : "udp")
        if (type == "omrelp") say(value(one, "target"), value(one, "port"), "tcp")
      }
    }' "$@"
}
