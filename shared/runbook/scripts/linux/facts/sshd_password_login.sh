# The server says what counts, but for Match blocks: it applies those to people.
sshd_config
# Up to OpenSSH 8.6 either word lets keyboard-interactive in. Where every list of
# AuthenticationMethods has a key, no password is enough.
printf '%s\n' "$osiris_config" | awk '
  $1 == "passwordauthentication" { password = $2 }
  $1 == "kbdinteractiveauthentication" || $1 == "challengeresponseauthentication" { if (asked != "yes") asked = $2 }
  $1 == "authenticationmethods" {
    key = "yes"
    for (i = 2; i <= NF; i++) if (("," $i ",") !~ /,publickey,/) key = "no"
  }
  END { print password; print asked; print key == "yes" ? "yes" : "no" }' | {
  read -r osiris_password
  read -r osiris_asked
  read -r osiris_key
  case $osiris_password/$osiris_asked in
    yes/yes | yes/no | no/yes | no/no) ;;
    *) fail 'sshd -T did not name passwordauthentication and kbdinteractiveauthentication' ;;
  esac
  fact passwordauthentication "$osiris_password"
  fact kbdinteractiveauthentication "$osiris_asked"
  fact key_always "$osiris_key"
  osiris_open=no
  case $osiris_password/$osiris_asked in
    *yes*) osiris_open=yes ;;
  esac
  osiris_match=$(sshd_match_password "$osiris_key" "$osiris_open") || fail 'the files of sshd_config cannot be read'
  fact match_password "$osiris_match"
} || exit 1
