# certbot renews what is due, with the settings of each certificate, and reloads
# the servers that its hooks name.
osiris_bot=$(command -v certbot) || fail 'nothing here renews certificates: a person has to'
osiris_sums() {
  for osiris_file in /etc/letsencrypt/live/*/cert.pem; do
    if [ -e "$osiris_file" ]; then sha256sum <"$osiris_file" || return 1; fi
  done
}
osiris_before=$(osiris_sums) || fail 'the certificates cannot be read'
[ -n "$osiris_before" ] || fail 'certbot keeps no certificate here: a person has to renew them'
osiris_out=$("$osiris_bot" renew --non-interactive --no-random-sleep-on-renew 2>&1) || {
  osiris_why=$(printf '%s\n' "$osiris_out" | awk 'NF { last = $0 } END { gsub(/\/\/[^ ]*@/, "//", last); print substr(last, 1, 200) }')
  if [ "$(osiris_sums)" != "$osiris_before" ]; then changed; fi
  fail "certbot did not succeed: $osiris_why"
}
if [ "$(osiris_sums)" = "$osiris_before" ]; then
  fail 'certbot says that none of its certificates is due: a person has to renew the others'
fi
changed
