# While remediate tries a firewall, whose way back is armed, nobody can tell how it
# ends; what a run that was killed left there does not count.
if [ -n "$(find /run/osiris-firewall.armed -mmin -5 2>/dev/null)" ]; then
  fail 'a firewall is being tried, and may be switched off again'
fi
# The kernel is believed before any file: a manager that is enabled in its file may
# not have been started.
osiris_manager=$(firewall_manager)
fact manager "$osiris_manager"
case $osiris_manager in
  ufw)
    if ufw_enabled; then fact state enabled; else fact state disabled; fi
    ;;
  firewalld)
    if service_active firewalld; then fact state enabled; else fact state disabled; fi
    ;;
esac
osiris_input=$(firewall_input)
if [ -n "$osiris_input" ]; then
  fact input "$osiris_input"
fi
