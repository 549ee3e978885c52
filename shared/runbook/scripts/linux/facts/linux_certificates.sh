# Certificates that servers of this host are set up with, by the words of their
# settings, and those that certbot keeps.
osiris_now=$(date +%s) || fail 'the time cannot be read'
osiris_find() { # WORD-PATTERN WHERE-RELATIVE-NAMES-BEGIN FOLDER-OR-FILE...
  osiris_pattern=$1
  osiris_base=$2
  shift 2
  for osiris_place in "$@"; do
    [ -e "$osiris_place" ] || continue
    find -L "$osiris_place" -maxdepth 4 -type f -size -512k -exec awk -v words="$osiris_pattern" -v base="$osiris_base" '
      { line = $0; sub(/^[ \t]+/, "", line) }
      line ~ /^#/ { next }
      match(line, "^(" words ")[ \t=]+") {
        path = substr(line, RLENGTH + 1)
        gsub(/^[<"'\'' \t]+/, "", path)
        sub(/[;"'\'' \t].*$/, "", path)
        if (path != "") print (path ~ /^\// ? "" : base) path
      }' {} + 2>/dev/null
  done
}
# osiris_nginx FOLDER-WHERE-RELATIVE-NAMES-BEGIN, of settings on its input: they end
# with a semicolon, not with a line.
osiris_nginx() {
  awk -v base="$1" '
    { sub(/^[ \t]*#.*$/, ""); sub(/[ \t]#.*$/, ""); text = text " " $0 }
    END {
      count = split(text, part, /[;{}]/)
      for (i = 1; i <= count; i++) {
        if (!match(part[i], /^[ \t]*ssl_certificate[ \t]+/)) continue
        path = substr(part[i], RLENGTH + 1)
        gsub(/["'\'' \t]/, "", path)
        if (path != "") print (path ~ /^\// ? "" : base) path
      }
    }'
}
# What nginx serves it says best itself. Where it does not run it would try its ports.
osiris_settings=
if [ -s /run/nginx.pid ] && command -v nginx >/dev/null && command -v timeout >/dev/null; then
  osiris_settings=$(timeout 10 nginx -T 2>/dev/null) || osiris_settings=
fi
osiris_paths=$(
  if [ -n "$osiris_settings" ]; then
    osiris_base=$(printf '%s\n' "$osiris_settings" | sed -n 's/^# configuration file \(.*\/\)[^\/]*:$/\1/p' | head -n 1)
    printf '%s\n' "$osiris_settings" | osiris_nginx "${osiris_base:-/etc/nginx/}"
  elif [ -d /etc/nginx ]; then
    # What only lies ready counts where something includes it.
    osiris_ready=snippets
    if [ -n "$(find -L /etc/nginx -maxdepth 4 \( -name sites-available -o -name snippets \) -prune -o -type f -exec grep -Eqs '^[^#]*include[[:space:]][^;]*snippets/' {} \; -print 2>/dev/null)" ]; then
      osiris_ready=none
    fi
    find -L /etc/nginx -maxdepth 4 \( -name sites-available -o -name modules-available -o -name "$osiris_ready" \) -prune -o \
      -type f -size -512k ! -name '*~' ! -name '*.bak' ! -name '*.dpkg-*' ! -name '*.rpmnew' ! -name '*.rpmsave' -print 2>/dev/null | while IFS= read -r osiris_file; do
      osiris_nginx /etc/nginx/ <"$osiris_file"
    done
  fi
  osiris_find SSLCertificateFile /etc/apache2/ /etc/apache2/sites-enabled /etc/apache2/conf-enabled /etc/apache2/mods-enabled
  osiris_find SSLCertificateFile /etc/httpd/ /etc/httpd/conf /etc/httpd/conf.d
  osiris_find smtpd_tls_cert_file '' /etc/postfix/main.cf
  osiris_find 'ssl_cert|ssl_server_cert_file' '' /etc/dovecot
  osiris_find ssl_cert_file /var/lib/pgsql/data/ /var/lib/pgsql/data/postgresql.conf
  osiris_find ssl_cert_file '' /etc/postgresql
  osiris_find 'ssl-cert|ssl_cert' '' /etc/mysql /etc/my.cnf.d /etc/my.cnf
  osiris_find 'olcTLSCertificateFile:?|TLSCertificateFile' '' /etc/ldap /etc/openldap
  osiris_find 'bind[^#]*[ \t]crt' '' /etc/haproxy/haproxy.cfg | while IFS= read -r osiris_file; do
    if [ -d "$osiris_file" ]; then
      find "$osiris_file" -maxdepth 1 -type f -name '*.pem'
    else
      printf '%s\n' "$osiris_file"
    fi
  done
  for osiris_file in /etc/letsencrypt/live/*/cert.pem; do
    if [ -e "$osiris_file" ]; then printf '%s\n' "$osiris_file"; fi
  done
) || fail 'the settings of servers cannot be read'
osiris_paths=$(printf '%s\n' "$osiris_paths" | awk 'NF { sub(/\/fullchain[.]pem$/, "/cert.pem") } NF && !seen[$0]++')
if [ "$(count_lines "$osiris_paths")" -gt 30 ]; then
  fact certificate_unread 'more than 30 certificates'
  osiris_paths=$(printf '%s\n' "$osiris_paths" | head -n 30)
fi
if [ -z "$osiris_paths" ]; then
  [ -r /proc/net/tcp ] || fail 'what listens cannot be read'
  # Ports that have TLS from the first byte on, as the kernel writes them.
  osiris_ports=$(for osiris_file in /proc/net/tcp /proc/net/tcp6; do
    if [ -r "$osiris_file" ]; then cat "$osiris_file"; fi
  done | awk '
    BEGIN { tls["01BB"] = 443; tls["01D1"] = 465; tls["027C"] = 636; tls["03E1"] = 993; tls["03E3"] = 995; tls["20FB"] = 8443; tls["24E3"] = 9443 }
    $4 == "0A" { split($2, at, ":"); if (at[2] in tls) print tls[at[2]] }' | sort -n -u)
  if [ -z "$osiris_ports" ]; then
    fact not_applicable 'No server of this host is set up with a certificate, and none listens where TLS is usual.'
    exit 0
  fi
  for osiris_port in $osiris_ports; do
    fact certificate_unread "what listens at port $osiris_port has settings that this does not read"
  done
  exit 0
fi
command -v openssl >/dev/null || fail 'without openssl certificates cannot be read'
printf '%s\n' "$osiris_paths" | while IFS= read -r osiris_file; do
  # Names with variables of a server stand for files that only it knows.
  case $osiris_file in
    *\$*)
      fact certificate_unread "$osiris_file"
      continue
      ;;
  esac
  osiris_row="Path=$(row_text "$osiris_file")"
  # notAfter=Mar  4 05:06:07 2027 GMT, in every language.
  osiris_end=$(openssl x509 -noout -enddate -in "$osiris_file" 2>/dev/null) || osiris_end=
  osiris_left=$(printf '%s\n' "$osiris_end" | awk -v now="$osiris_now" '
    /^notAfter=[A-Z][a-z][a-z] +[0-9]+ [0-9:]+ [0-9]+ GMT$/ {
      sub(/^notAfter=/, "")
      month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $1) + 2) / 3
      split($3, at, ":")
      year = $4 - (month <= 2)
      shifted = month + (month > 2 ? -3 : 9)
      days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * shifted + 2) / 5) + $2 - 1 - 719468
      left = days * 86400 + at[1] * 3600 + at[2] * 60 + at[3] - now
      if (left <= 0) print "Expired=yes"; else printf "Days=%d\n", int(left / 86400)
    }')
  if [ -z "$osiris_left" ]; then
    fact certificate_unread "$osiris_file"
    continue
  fi
  case $osiris_file in
    /etc/letsencrypt/live/*) osiris_row="$osiris_row;Renewed=yes" ;;
  esac
  fact certificate "$osiris_row;$osiris_left"
done
