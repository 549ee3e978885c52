# What is set up to send logs, and whether its connection stands.
osiris_agents='fluent-bit fluentd td-agent vector filebeat promtail alloy nxlog wazuh-agent SplunkForwarder datadog-agent otelcol-contrib google-cloud-ops-agent'

# osiris_row PRODUCT ACTIVE HOST PORT PROTOCOL
osiris_row() {
  osiris_text="Product=$1;Active=$2;Host=$3;Port=$4;Protocol=$5"
  if own_host "$3"; then
    osiris_text="$osiris_text;Own=yes"
  fi
  if [ "$5" = tcp ]; then
    osiris_connected=no
    for osiris_address in $(addresses_of "$3"); do
      if tcp_connected "$osiris_address" "$4"; then
        osiris_connected=yes
      fi
    done
    osiris_text="$osiris_text;Connected=$osiris_connected"
  fi
  fact forwarder "$osiris_text"
}
osiris_active() {
  if service_active "$1"; then echo yes; else echo no; fi
}

if [ -e /etc/rsyslog.conf ]; then
  fact logs rsyslog
  set -- /etc/rsyslog.conf
  for osiris_file in /etc/rsyslog.d/*.conf; do
    if [ -f "$osiris_file" ]; then
      set -- "$@" "$osiris_file"
    fi
  done
  osiris_targets=$(rsyslog_targets "$@") || fail 'the files of rsyslog cannot be read'
  osiris_is=$(osiris_active rsyslog)
  if [ -n "$osiris_targets" ]; then
    printf '%s\n' "$osiris_targets" | while read -r osiris_host osiris_port osiris_protocol; do
      osiris_row rsyslog "$osiris_is" "$osiris_host" "$osiris_port" "$osiris_protocol"
    done
  fi
fi
if [ -d /run/systemd/journal ]; then
  fact logs journal
fi
if service_there systemd-journal-upload; then
  set --
  for osiris_file in /etc/systemd/journal-upload.conf /etc/systemd/journal-upload.conf.d/*.conf; do
    if [ -f "$osiris_file" ]; then
      set -- "$@" "$osiris_file"
    fi
  done
  osiris_target=$(awk '/^[ \t]*URL[ \t]*=/ {
    sub(/^[^=]*=[ \t]*(https?:\/\/)?/, "")
    sub(/^.*@/, "")
    sub(/[\/ \t].*/, "")
    host = $0
    port = 19532
    if (match(host, /:[0-9]+$/)) { port = substr(host, RSTART + 1); host = substr(host, 1, RSTART - 1) }
    gsub(/[][;\\]/, "", host)
    if (host != "") last = host " " port
  } END { if (last != "") print last }' "$@" /dev/null) || fail 'the files of journal-upload cannot be read'
  if [ -n "$osiris_target" ]; then
    osiris_row systemd-journal-upload "$(osiris_active systemd-journal-upload)" "${osiris_target% *}" "${osiris_target#* }" tcp
  fi
fi
if [ -e /etc/syslog-ng/syslog-ng.conf ]; then
  fact logs syslog-ng
  fact forwarder "Product=syslog-ng;Active=$(osiris_active syslog-ng);Protocol=agent"
fi
if [ -e /etc/conf.d/syslog ]; then
  fact logs syslogd
  osiris_target=$(sed -n '/^[[:space:]]*#/!s/.*-R[[:space:]]*\([A-Za-z0-9.-]*\).*/\1/p' /etc/conf.d/syslog | sed 1q)
  if [ -n "$osiris_target" ]; then
    osiris_row syslogd "$(osiris_active syslog)" "$osiris_target" 514 udp
  fi
fi
for osiris_unit in $osiris_agents; do
  if service_there "$osiris_unit"; then
    fact logs "$osiris_unit"
    fact forwarder "Product=$osiris_unit;Active=$(osiris_active "$osiris_unit");Protocol=agent"
  fi
done
