mutable_etc 'users.users'
osiris_names=$(accounts_without_password) || fail 'the accounts cannot be read'
if [ -z "$osiris_names" ]; then
  note 'Every account has a password or is locked.'
  exit 0
fi
osiris_self=${SUDO_USER:-root}
for osiris_name in $osiris_names; do
  case $osiris_name in
    "$osiris_self") fail "$osiris_name is the account of this road: a person has to give it a password" ;;
    *[!A-Za-z0-9._-]* | -*) fail 'the name of an account without a password is unusual: a person has to lock it' ;;
  esac
  awk -F: -v name="$osiris_name" '$1 == name && $2 != "x" { found = 1 } END { exit found }' /etc/passwd ||
    fail "$osiris_name has its password in /etc/passwd and not in /etc/shadow: a person has to run pwconv"
done
command -v chpasswd >/dev/null || fail 'there is no chpasswd'
# No password becomes "*", and keys go on working: "!" would lock the account.
for osiris_name in $osiris_names; do
  printf '%s:*\n' "$osiris_name" | chpasswd -e >/dev/null 2>&1 || break
  changed
done
if [ -n "$(accounts_without_password)" ]; then
  for osiris_name in $osiris_names; do
    passwd -d "$osiris_name" >/dev/null 2>&1
  done
  fail 'the passwords cannot be changed'
fi
