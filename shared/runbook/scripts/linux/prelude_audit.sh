# What the parts about auditing share.

# audit_missing: of the files whose changes are to be recorded, prints those for
# which the rules on its input, as "auditctl -l" or rules.d has them, have none.
osiris_audited='/etc/passwd /etc/shadow /etc/group /etc/sudoers /etc/sudoers.d'
audit_missing() {
  awk -v paths="$osiris_audited" '
    function covers(path, file) { return path == "/" || path == file || index(file, path "/") == 1 }
    BEGIN { count = split(paths, want, " ") }
    /^[ \t]*-w[ \t]/ || /^[ \t]*-[aA][ \t]+((always|never),exit|exit,(always|never))[ \t]/ {
      path = perm = ""
      never = $1 != "-w" && $2 ~ /never/
      narrow = 0
      for (i = 1; i <= NF; i++) {
        if ($i == "-w") path = $(i + 1)
        if ($i == "-p") perm = $(i + 1)
        if ($i == "-S" && $(i + 1) != "all") narrow = 1
        if ($i == "-F" && $(i + 1) !~ /^(path|dir|perm|key|arch)=/ && $(i + 1) !~ /^auid!=(unset|-1|4294967295)$/) narrow = 1
        if ($i == "-C") narrow = 1
        if ($i ~ /^(path|dir)=/) path = substr($i, index($i, "=") + 1)
        if ($i ~ /^perm=/) perm = substr($i, 6)
        if ($i == "arch=b32" && !never) narrow = 1
      }
      if (path != "/") sub(/\/$/, "", path)
      # The first rule that fits counts: what one never records, none after it does.
      if (never) {
        if (!($0 ~ /-S/ && narrow && path == "")) {
          for (i = 1; i <= count; i++) if ((path == "" || covers(path, want[i])) && ($1 == "-A" || !found[i])) { if ($1 == "-A") found[i] = 0; hidden[i] = 1 }
        }
        next
      }
      if (path == "" || perm !~ /w/ || narrow) next
      for (i = 1; i <= count; i++) if (covers(path, want[i]) && !hidden[i]) found[i] = 1
    }
    END { for (i = 1; i <= count; i++) if (!found[i]) print want[i] }'
}
# audit_value WORD: of the kernel's state, enabled or pid.
audit_value() { auditctl -s 2>/dev/null | awk -v word="$1" '{ gsub(/=/, " "); for (i = 1; i < NF; i++) if ($i == word) { print $(i + 1); exit } }'; }
# audit_foreign FILE...: the lines of audit.rules that none of these files of rules.d
# has, and that are gone once augenrules makes it anew of those.
audit_foreign() {
  if [ -f /etc/audit/audit.rules ]; then
    awk -v own=/etc/audit/audit.rules '
      { gsub(/[ \t\r]+/, " "); sub(/^ /, ""); sub(/ $/, "") }
      $0 == "" || /^#/ { next }
      FILENAME == own { if (!($0 in known)) print; next }
      { known[$0] = 1 }' "$@" /etc/audit/audit.rules
  fi
}
# audit_restore KEPT ACTIVE ENABLED KERNEL: the rules and the daemon as they were. The
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
  service_restore auditd "$2" "$3" || return 1
  if [ "$4" = 0 ] && [ "$(audit_value enabled)" = 1 ]; then
    auditctl -e 0 >/dev/null 2>&1
  fi
}
