mutable_etc 'security.auditd and security.audit.rules'
osiris_file=/etc/audit/rules.d/60-osiris.rules
command -v auditctl >/dev/null || fail 'no audit daemon is installed'
command -v augenrules >/dev/null || fail 'there is no augenrules, which joins the files of rules.d'
[ -d "${osiris_file%/*}" ] || fail "${osiris_file%/*} is no folder"
service_there auditd || fail 'there is no service auditd'
osiris_enabled=$(audit_value enabled)
case $osiris_enabled in
  0 | 1 | 2) ;;
  *) fail "the kernel's audit does not answer: it needs root, and a container has none of its own" ;;
esac
if [ "$osiris_enabled" != 0 ] && [ -z "$(auditctl -l 2>/dev/null | audit_missing)" ] && service_active auditd && service_enabled auditd; then
  note 'Changes of accounts and of sudo are recorded already.'
  exit 0
fi
osiris_foreign=$(audit_foreign "${osiris_file%/*}"/*.rules | sed 1q)
if [ -n "$osiris_foreign" ]; then
  fail "audit.rules has what no file of rules.d has, and would lose it ($(printf '%.80s' "$osiris_foreign")): move it to a file of rules.d"
fi
osiris_was=$(service_state auditd)
osiris_was=${osiris_was#* }
keep_file "$osiris_file"
osiris_undo() {
  audit_restore "$osiris_kept" "${osiris_was% *}" "${osiris_was#* }" "$osiris_enabled"
  fail "$1"
}
# Only what no other file has: the kernel refuses the same rule twice, and with it
# all that come after. No rule records each program that runs: such floods a small host.
set --
for osiris_other in "${osiris_file%/*}"/*.rules; do
  if [ -f "$osiris_other" ] && [ "$osiris_other" != "$osiris_file" ]; then
    set -- "$@" "$osiris_other"
  fi
done
osiris_text=$(cat "$@" /dev/null | audit_missing | while IFS= read -r osiris_path; do
  printf '%s %s %s\n' '-w' "$osiris_path" '-p wa -k osiris'
done)
if [ -n "$osiris_text" ]; then
  osiris_text="# Written by Osiris, runbook linux.audit.enable. Changes here are undone.
$osiris_text"
  if [ "$osiris_kept" != "present$osiris_feed$osiris_text" ]; then
    put_file "$osiris_file" 640 "$osiris_text" || osiris_undo "$osiris_file cannot be written"
  fi
fi
service_enabled auditd || service_do enable auditd || osiris_undo 'auditd cannot be enabled'
service_active auditd || service_do start auditd || osiris_undo 'auditd does not start'
changed
if [ "$osiris_enabled" = 2 ]; then
  note 'The rules cannot be changed before the host is restarted.'
  reboot_needed
  exit 0
fi
augenrules --load >/dev/null 2>&1
if [ "$(audit_value enabled)" = 0 ]; then
  auditctl -e 1 >/dev/null 2>&1
fi
osiris_missing=$(auditctl -l 2>/dev/null | audit_missing | tr '\n' ' ')
[ -z "$osiris_missing" ] || osiris_undo "the kernel does not take the rules for $osiris_missing"
