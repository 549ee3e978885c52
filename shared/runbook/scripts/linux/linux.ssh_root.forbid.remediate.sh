# Whoever signs in as root would lock himself out.
case ${SUDO_USER:-root} in
  root) fail 'this road signs in as root, and would be cut' ;;
esac
command -v sshd >/dev/null || fail 'no SSH server is installed'
osiris_want=no
if [ "$OSIRIS_P_allow_key_only" = yes ]; then
  osiris_want=prohibit-password
fi
osiris_keeps() {
  case $osiris_want/$1 in
    */no | prohibit-password/prohibit-password | prohibit-password/without-password | prohibit-password/forced-commands-only) return 0 ;;
  esac
  return 1
}
osiris_meets() { osiris_keeps "$(sshd_value permitrootlogin)"; }
osiris_match=$(sshd_root no) || fail 'the files of sshd_config cannot be read'
osiris_keeps "$osiris_match" || fail 'a Match block lets root in from some places: a person has to know whether they need it'
if osiris_meets; then
  note 'The server keeps root out already.'
  exit 0
fi
# The first value that the server reads counts, and 00- is read first.
sshd_drop_in 00-osiris-root.conf "# Written by Osiris, runbook linux.ssh_root.forbid.
PermitRootLogin $osiris_want"
