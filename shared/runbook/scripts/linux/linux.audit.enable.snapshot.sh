keep_file /etc/audit/rules.d/60-osiris.rules
state "$(service_state auditd) $(audit_value enabled)"
state "$osiris_kept"
