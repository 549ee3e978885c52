# What the parts about auditing share.

# audit_missing: of the files whose changes are to be recorded, prints those for
# which the rules on its input, as "auditctl -l" or rules.d has them, have none.
osiris_audited='/etc/passwd /etc/shadow /etc/group /etc/sudoers /etc/sudoers.d'
audit_missing() {
  awk -v paths="$osiris_audited" '
    /^[ \t]*-w[ \t]/ || /^[ \t]*-a[ \t]+(always,exit|exit,always)[ \t]/ {
      path = perm = ""
      for (i = 1; i <= NF; i++) {
        if ($i == "-w") path = $(i + 1)
        if ($i == "-p") perm = $(i + 1)
        if ($i ~ /^(path|dir)=/) path = substr($i, index($i, "=") + 1)
        if ($i ~ /^perm=/) perm = substr($i, 6)
      }
      if (path == "" || perm !~ /w/) next
      if (path != "/") sub(/\/$/, "", path)
      watched[++rules] = path
    }
    END {
      count = split(paths, want, " ")
      for (i = 1; i <= count; i++) {
        found = 0
        for (j = 1; j <= rules; j++) if (want[i] == watched[j] || index(want[i], watched[j] "/") == 1) found = 1
        if (!found) print want[i]
      }
    }'
}
# audit_value WORD: of the kernel's state, enabled or pid.
audit_value() { auditctl -s 2>/dev/null | awk -v word="$1" '{ gsub(/=/, " "); for (i = 1; i < NF; i++) if ($i == word) { print $(i + 1); exit } }'; }
# audit_restore KEPT ACTIVE ENABLED: the rules and the daemon as they were. The
# daemon refuses to be stopped by systemd, so that the stop is on record.
audit_restore() {
  restore_file /etc/audit/rules.d/60-osiris.rules 640 "$1"
  augenrules --load >/dev/null 2>&1
  for osiris_path in $osiris_audited; do
    if [ "$1" = absent ]; then
      auditctl -W "$osiris_path" -p wa -k osiris >/dev/null 2>&1
    fi
  done
  osiris_pid=$(audit_value pid)
  if [ "$2" = inactive ] && service_active auditd && whole_number "$osiris_pid" && [ "$osiris_pid" -gt 1 ]; then
    kill -s TERM "$osiris_pid" || return 1
    osiris_tries=0
    while service_active auditd && [ "$osiris_tries" -lt 10 ]; do
      osiris_tries=$((osiris_tries + 1))
      sleep 1
    done
  fi
  service_restore auditd "$2" "$3"
}
