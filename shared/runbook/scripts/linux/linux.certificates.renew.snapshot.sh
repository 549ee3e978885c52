# Which certificates certbot had; a renewed one stays.
osiris_list=
for osiris_file in /etc/letsencrypt/live/*/cert.pem; do
  if [ -e "$osiris_file" ]; then
    osiris_sum=$(sha256sum <"$osiris_file") || fail "$osiris_file cannot be read"
    osiris_list="$osiris_list${osiris_sum%% *} $osiris_file$osiris_feed"
  fi
done
state "$osiris_list"
