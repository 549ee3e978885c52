mutable_etc 'services.rsyslogd.extraConfig'
osiris_host=$OSIRIS_P_log_host osiris_port=$OSIRIS_P_log_port
case $osiris_host in
  any) fail 'the policy names no log_host that logs could go to' ;;
  '' | *[!A-Za-z0-9.-]* | -*) fail 'log_host is neither a name nor an IPv4 address' ;;
esac
if ! whole_number "$osiris_port" || [ "$osiris_port" -lt 1 ] || [ "$osiris_port" -gt 65535 ]; then
  fail 'log_port is no port'
fi
if own_host "$osiris_host"; then
  fail "$osiris_host is this host itself, which would get again what it sends"
fi
command -v rsyslogd >/dev/null || fail 'there is no rsyslog: install it, or set up systemd-journal-upload'
osiris_file=/etc/rsyslog.d/90-osiris-forward.conf
[ -d "${osiris_file%/*}" ] || fail "${osiris_file%/*} is no folder"
service_there rsyslog || fail 'there is no service rsyslog'
osiris_connected() {
  for osiris_address in $(addresses_of "$osiris_host"); do
    if tcp_connected "$osiris_address" "$osiris_port"; then
      return 0
    fi
  done
  return 1
}
# While the other end is away, messages wait in memory and, where rsyslog has a
# folder for it, on the disk. Where that is full, what is new is thrown away at once:
# rsyslog would else wait two seconds for each, and whoever logs with it.
osiris_disk=
for osiris_other in /etc/rsyslog.conf "${osiris_file%/*}"/*.conf; do
  if [ -f "$osiris_other" ] && grep -qi '^[^#]*workdirectory' "$osiris_other"; then
    osiris_disk=' queue.filename="osiris_forward" queue.maxDiskSpace="256m" queue.saveOnShutdown="on"'
  fi
done
osiris_text="# Written by Osiris, runbook linux.log.forward. Changes here are undone.
*.* action(type=\"omfwd\" target=\"$osiris_host\" port=\"$osiris_port\" protocol=\"tcp\"
  action.resumeRetryCount=\"-1\" queue.type=\"LinkedList\" queue.size=\"10000\" queue.timeoutEnqueue=\"0\"$osiris_disk)"
osiris_was=$(service_state rsyslog)
keep_file "$osiris_file"
if [ "$osiris_kept" = "present$osiris_feed$osiris_text" ] && service_active rsyslog && osiris_connected; then
  note 'Logs go there already.'
  exit 0
fi
osiris_undo() {
  restore_file "$osiris_file" 644 "$osiris_kept"
  if service_active rsyslog; then
    service_do restart rsyslog
  fi
  osiris_was=${osiris_was#* }
  service_restore rsyslog "${osiris_was% *}" "${osiris_was#* }"
  fail "$1"
}
put_file "$osiris_file" 644 "$osiris_text" || osiris_undo "$osiris_file cannot be written"
rsyslogd -N1 >/dev/null 2>&1 || osiris_undo 'rsyslog refuses its configuration'
service_enabled rsyslog || service_do enable rsyslog || osiris_undo 'rsyslog cannot be enabled'
service_do restart rsyslog || osiris_undo 'rsyslog does not restart'
changed
osiris_tries=0
until osiris_connected || [ "$osiris_tries" -ge 10 ]; do
  osiris_tries=$((osiris_tries + 1))
  # A message makes it connect.
  logger -t osiris 'Logs are sent to another host from now on.' 2>/dev/null
  sleep 2
done
if [ "$osiris_tries" -ge 10 ]; then
  note "$osiris_host does not take a connection at port $osiris_port."
fi
