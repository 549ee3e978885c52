command -v sshd >/dev/null || fail 'no SSH server is installed'
osiris_meets() {
  [ "$(sshd_value passwordauthentication)" = no ] || return 1
  case $(sshd_value kbdinteractiveauthentication)/$(sshd_value challengeresponseauthentication) in
    no/ | no/no | /no) return 0 ;;
  esac
  return 1
}
[ "$(sshd_match_password)" = no ] || fail 'a Match block lets some in with a password: a person has to know whether they need it'
if osiris_meets; then
  note 'The server refuses passwords already.'
  exit 0
fi
# Whoever signs in with a password would lock himself out. That an authorised key
# is there does not tell whose: the server's log tells what let this connection in.
own_connection || fail 'the connection that this came over cannot be told, so neither what would be cut'
osiris_accepted() {
  awk -v from=" from $osiris_peer port $osiris_peer_port " '
    index($0, from) && match($0, /Accepted [a-z]+/) { method = substr($0, RSTART + 9, RLENGTH - 9) }
    END { print method }'
}
# Of the journal only what root wrote: anybody may write to the log in sshd's name.
osiris_method=$(journalctl -q --no-pager -o cat --since=-24h -n 20000 _UID=0 SYSLOG_IDENTIFIER=sshd SYSLOG_IDENTIFIER=sshd-session 2>/dev/null | osiris_accepted)
if [ -z "$osiris_method" ]; then
  osiris_method=$(for osiris_log in /var/log/auth.log /var/log/secure /var/log/messages; do
    if [ -f "$osiris_log" ]; then
      tail -n 20000 "$osiris_log"
    fi
  done | osiris_accepted)
fi
case $osiris_method in
  publickey) ;;
  '') fail "the server's log does not tell whether this road signs in with a key, and a password would be cut" ;;
  *) fail 'this road signs in with a password, and would be cut: give its account a key first' ;;
esac
# The first value that the server reads counts, and 00- is read first. Before
# OpenSSH 8.7 the last word is a setting of its own, since then another spelling.
sshd_drop_in 00-osiris-password.conf '# Written by Osiris, runbook linux.ssh_password.forbid.
PasswordAuthentication no
KbdInteractiveAuthentication no
ChallengeResponseAuthentication no'
