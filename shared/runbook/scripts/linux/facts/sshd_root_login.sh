# The server says what counts: files alone miss Include, drop-ins and the first match.
osiris_sshd=$(command -v sshd) || {
  fact not_applicable 'No SSH server is installed.'
  exit 0
}
osiris_config=$("$osiris_sshd" -T 2>/dev/null) || fail 'sshd -T does not run; it needs root'
osiris_root=$(printf '%s\n' "$osiris_config" | awk '$1 == "permitrootlogin" { print $2; exit }')
[ -n "$osiris_root" ] || fail 'sshd -T did not name permitrootlogin'
fact permitrootlogin "$osiris_root"
