command -v sshd >/dev/null || fail 'no SSH server is installed'
sshd_restore 00-osiris-password.conf "$OSIRIS_SNAPSHOT"
