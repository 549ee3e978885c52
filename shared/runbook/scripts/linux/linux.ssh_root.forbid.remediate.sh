osiris_folder=/etc/ssh/sshd_config.d
osiris_file=$osiris_folder/00-osiris-root.conf
# Whoever signs in as root would lock himself out.
case ${SUDO_USER:-root} in
  root) fail 'this road signs in as root, and would be cut' ;;
esac
osiris_sshd=$(command -v sshd) || fail 'no SSH server is installed'
if [ -L "$osiris_folder" ] || [ ! -d "$osiris_folder" ]; then
  fail "$osiris_folder is no folder: this server takes no drop-ins"
fi
osiris_want=no
if [ "$OSIRIS_P_allow_key_only" = yes ]; then
  osiris_want=prohibit-password
fi

osiris_effective() { "$osiris_sshd" -T 2>/dev/null | awk '$1 == "permitrootlogin" { print $2; exit }'; }
osiris_meets() {
  case $osiris_want/$(osiris_effective) in
    */no | prohibit-password/prohibit-password | prohibit-password/without-password | prohibit-password/forced-commands-only) return 0 ;;
  esac
  return 1
}

if osiris_meets; then
  note 'The server keeps root out already.'
  exit 0
fi
osiris_before=
if [ -f "$osiris_file" ]; then
  osiris_before=$(cat "$osiris_file") || fail "$osiris_file cannot be read"
fi
osiris_new=$osiris_folder/.00-osiris-root.new
osiris_put() {
  printf '%s\n' "$1" >"$osiris_new" && chmod 644 "$osiris_new" && mv -f "$osiris_new" "$osiris_file"
}
osiris_undo() {
  if [ -n "$osiris_before" ]; then
    osiris_put "$osiris_before"
  else
    rm -f "$osiris_file" "$osiris_new"
  fi
  fail "$1"
}
# The first value that the server reads counts, and 00- is read first.
osiris_put "# Written by Osiris, runbook linux.ssh_root.forbid.
PermitRootLogin $osiris_want" || osiris_undo "$osiris_file cannot be written"
"$osiris_sshd" -t 2>/dev/null || osiris_undo 'the server refuses its configuration'
osiris_meets || osiris_undo 'sshd_config sets PermitRootLogin before it includes drop-ins, or includes none'
changed
# Debian's unit is ssh, others call it sshd; where a socket starts it, each
# connection reads the configuration anew.
for osiris_unit in ssh sshd; do
  if systemctl is-active --quiet "$osiris_unit.service" 2>/dev/null; then
    systemctl reload "$osiris_unit.service" || osiris_undo "$osiris_unit.service does not reload"
    break
  fi
done
