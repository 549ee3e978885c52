# What the parts about logs share.

# tcp_connected ADDRESS PORT: a connection to it stands. The kernel writes IPv4 in
# the order of the processor; an address that is no IPv4 is not compared.
tcp_connected() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v address="$1" -v port="$2" '
    BEGIN {
      port = sprintf("%04X", port)
      if (address ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/) {
        split(address, b, ".")
        one = sprintf("%02X%02X%02X%02X", b[4], b[3], b[2], b[1])
        two = sprintf("%02X%02X%02X%02X", b[1], b[2], b[3], b[4])
      }
    }
    $4 == "01" {
      at = index($3, ":")
      host = substr($3, 1, at - 1)
      host = substr(host, length(host) - 7)
      if (substr($3, at + 1) == port && (one == "" || host == one || host == two)) found = 1
    }
    END { exit !found }'
}

# addresses_of HOST: its IPv4 addresses; itself where it is one or has none.
addresses_of() {
  case $1 in
    *[!0-9.]*) ;;
    *) echo "$1" && return ;;
  esac
  osiris_known=$(getent ahostsv4 "$1" 2>/dev/null | awk '!seen[$1]++ && ++count <= 8 { print $1 }')
  printf '%s\n' "${osiris_known:-$1}"
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
