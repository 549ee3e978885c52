sshd_config
osiris_root=$(printf '%s\n' "$osiris_config" | awk '$1 == "permitrootlogin" { print $2; exit }')
[ -n "$osiris_root" ] || fail 'sshd -T did not name permitrootlogin'
# The server says what counts, but for Match blocks: it applies those to people.
osiris_root=$(sshd_root "$osiris_root") || fail 'the files of sshd_config cannot be read'
fact permitrootlogin "$osiris_root"
