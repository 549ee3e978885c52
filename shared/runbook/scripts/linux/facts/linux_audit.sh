command -v auditctl >/dev/null || {
  fact audit_installed no
  exit 0
}
fact audit_installed yes
osiris_enabled=$(audit_value enabled)
case $osiris_enabled in
  0 | 1 | 2) ;;
  *) fail "the kernel's audit does not answer: it needs root, and a container has none of its own" ;;
esac
fact audit_enabled "$osiris_enabled"
osiris_daemon=no osiris_boots=no
case $(audit_value pid) in
  '' | 0) ;;
  *) osiris_daemon=yes ;;
esac
if service_enabled auditd; then
  osiris_boots=yes
fi
fact audit_daemon "$osiris_daemon"
fact audit_boot "$osiris_boots"
osiris_rules=$(auditctl -l 2>/dev/null) || fail 'the rules of audit cannot be read'
printf '%s\n' "$osiris_rules" | audit_missing | while IFS= read -r osiris_path; do
  fact audit_missing "$osiris_path"
done
