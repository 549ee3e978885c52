command -v sshd >/dev/null || fail 'no SSH server is installed'
osiris_tries=$OSIRIS_P_max_auth_tries osiris_idle=$OSIRIS_P_max_idle_seconds
# A client offers its keys one after another, each of which is a try.
if ! whole_number "$osiris_tries" || [ "$osiris_tries" -lt 2 ]; then
  fail 'max_auth_tries is less than 2: whoever has two keys would be kept out'
fi
if ! whole_number "$osiris_idle" || [ "$osiris_idle" -lt 30 ]; then
  fail 'max_idle_seconds is less than 30: a short break of the network would end each session'
fi
osiris_few() {
  osiris_now=$(sshd_value maxauthtries)
  whole_number "$osiris_now" && [ "$osiris_now" -le "$osiris_tries" ] && [ "$osiris_now" -gt 0 ]
}
osiris_ends() {
  osiris_interval=$(sshd_value clientaliveinterval) osiris_count=$(sshd_value clientalivecountmax)
  whole_number "$osiris_interval" && whole_number "$osiris_count" && [ "$osiris_interval" -gt 0 ] && [ "$osiris_count" -gt 0 ] &&
    [ "$osiris_interval" -le "$osiris_idle" ] && [ "$osiris_count" -le "$osiris_idle" ] && [ $((osiris_interval * osiris_count)) -le "$osiris_idle" ]
}
osiris_meets() { osiris_few && osiris_ends; }
if osiris_meets; then
  note 'The server holds these limits already.'
  exit 0
fi
# What is strict enough stays as strict.
if ! osiris_few; then
  osiris_now=$osiris_tries
fi
if ! osiris_ends; then
  osiris_interval=$((osiris_idle / 3)) osiris_count=3
fi
sshd_drop_in 00-osiris-session.conf "# Written by Osiris, runbook linux.ssh_session.limit.
MaxAuthTries $osiris_now
ClientAliveInterval $osiris_interval
ClientAliveCountMax $osiris_count"
