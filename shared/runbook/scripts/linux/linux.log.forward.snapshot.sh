keep_file /etc/rsyslog.d/90-osiris-forward.conf
state "$(service_state rsyslog)"
state "$osiris_kept"
