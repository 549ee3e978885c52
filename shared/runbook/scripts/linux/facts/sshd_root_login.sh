sshd_config
osiris_root=$(printf '%s\n' "$osiris_config" | awk '$1 == "permitrootlogin" { print $2; exit }')
[ -n "$osiris_root" ] || fail 'sshd -T did not name permitrootlogin'
fact permitrootlogin "$osiris_root"
