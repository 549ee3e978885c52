command -v sshd >/dev/null || fail 'no SSH server is installed'
osiris_meets() {
  [ "$(sshd_value passwordauthentication)" = no ] || return 1
  case $(sshd_value kbdinteractiveauthentication)/$(sshd_value challengeresponseauthentication) in
    no/ | no/no | /no) return 0 ;;
  esac
  return 1
}
osiris_methods=$(sshd_tell -T | sed -n 's/^authenticationmethods //p')
osiris_key=$(printf '%s\n' "$osiris_methods" | awk '
  { key = NF > 0; for (i = 1; i <= NF; i++) if (("," $i ",") !~ /,publickey,/) key = 0 }
  END { print key ? "yes" : "no" }')
osiris_match=$(sshd_match_password "$osiris_key" yes) || fail 'the files of sshd_config cannot be read'
[ "$osiris_match" = no ] || fail 'a Match block lets some in with a password: a person has to know whether they need it'
if osiris_meets; then
  note 'The server refuses passwords already.'
  exit 0
fi
if [ "$osiris_key" = yes ]; then
  note 'A key is always asked for already.'
  exit 0
fi
# A list that names what is off is left out, and with the last of them everybody.
case $osiris_methods$osiris_feed$(sshd_matches | sed -n 's/^authenticationmethods //p') in
  *password* | *keyboard-interactive*) fail 'AuthenticationMethods names what would be switched off, and people would be kept out: a person has to change it' ;;
esac
# Whoever signs in with a password would lock himself out. That an authorised key
# is there does not tell whose: the server's log tells what let this connection in.
own_connection || fail 'the connection that this came over cannot be told, so neither what would be cut'
# osiris_accepted: the method of the last sign-in that made this connection, from
# messages of the server. A login name is the stranger's, and may hold all the rest:
# a message begins with what it says, and ends with from where.
osiris_accepted() {
  awk -v from="$osiris_peer port $osiris_peer_port ssh2" '
    /^Accepted [a-z-]+[^ ]* for / {
      rest = $0
      while (at = index(rest, " from ")) rest = substr(rest, at + 6)
      if (rest == from || index(rest, from ":") == 1) method = $2
    }
    END { print method }'
}
# Of the journal only what root wrote: anybody may write to the log in sshd's name,
# so that the files count only where there is no journal.
if [ -d /run/systemd/journal ]; then
  osiris_method=$(journalctl -q --no-pager -o cat --since=-24h -n 20000 _UID=0 SYSLOG_IDENTIFIER=sshd SYSLOG_IDENTIFIER=sshd-session 2>/dev/null | osiris_accepted)
else
  osiris_method=$(for osiris_log in /var/log/auth.log /var/log/secure /var/log/messages; do
    if [ -f "$osiris_log" ]; then
      tail -n 20000 "$osiris_log"
    fi
  done | sed -n -E 's/^([A-Z][a-z]{2} +[0-9]+ [0-9:]{8}|[0-9][0-9T:.+-]+Z?) [^ ]+ ([a-z.]+ )?sshd(-session)?\[[0-9]+\]: //p' | osiris_accepted)
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
