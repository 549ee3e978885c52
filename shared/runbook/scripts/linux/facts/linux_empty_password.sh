# Names only: what is in the place of a password never leaves the host.
[ -r /etc/passwd ] || fail 'the accounts cannot be read'
[ -r /etc/shadow ] || fail 'the passwords cannot be read; it needs root'
fact accounts "$(awk -F: '$1 !~ /^[+-]/ && NF > 2' /etc/passwd | awk 'END { print NR }')"
accounts_without_password | awk 'NR <= 20 { print } END { if (NR > 20) print "and " NR - 20 " more" }' | while IFS= read -r osiris_name; do
  fact empty_password "$osiris_name"
done
