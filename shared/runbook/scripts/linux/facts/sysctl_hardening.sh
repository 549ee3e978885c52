# What the files configure, in the order in which sysctl --system applies them.
set --
for osiris_file in /etc/sysctl.d/*.conf /etc/sysctl.conf; do
  if [ -f "$osiris_file" ]; then
    set -- "$@" "$osiris_file"
  fi
done
osiris_settings=$(awk '
  function trim(s) { sub(/^[ \t\r]+/, "", s); sub(/[ \t\r]+$/, "", s); return s }
  BEGIN {
    count = split("kernel.dmesg_restrict kernel.kptr_restrict kernel.randomize_va_space " \
      "net.ipv4.conf.all.accept_redirects net.ipv4.conf.all.rp_filter net.ipv4.tcp_syncookies", wanted, " ")
  }
  {
    line = trim($0)
    at = index(line, "=")
    if (at == 0 || line ~ /^[#;]/) next
    key = substr(line, 1, at - 1)
    sub(/^-/, "", key)
    key = trim(key)
    gsub("/", ".", key)
    value[key] = substr(trim(substr(line, at + 1)), 1, 64)
    file[key] = FILENAME
  }
  END {
    for (i = 1; i <= count; i++)
      if (wanted[i] in file) printf "%s\t%s\t%s\n", wanted[i], file[wanted[i]], value[wanted[i]]
  }' "$@" /dev/null) || fail 'a file of sysctl.d cannot be read'
if [ -n "$osiris_settings" ]; then
  printf '%s\n' "$osiris_settings" | while IFS="$osiris_tab" read -r osiris_key osiris_file osiris_setting; do
    fact "$osiris_key" "$osiris_setting"
    fact "$osiris_key.file" "$osiris_file"
  done
fi
# And what runs: a change by hand lasts until the next boot. A kernel without one
# of them has no such fact.
for osiris_key in kernel.dmesg_restrict kernel.kptr_restrict kernel.randomize_va_space \
  net.ipv4.conf.all.accept_redirects net.ipv4.conf.all.rp_filter net.ipv4.tcp_syncookies; do
  osiris_file=/proc/sys/$(printf '%s\n' "$osiris_key" | tr . /)
  if [ -r "$osiris_file" ]; then
    osiris_setting=$(cat "$osiris_file") || fail "$osiris_key of the running kernel cannot be read"
    # A host that does not forward takes redirects where all cards or the one do, and
    # a new card does as the default: the loosest counts.
    if [ "$osiris_key" = net.ipv4.conf.all.accept_redirects ]; then
      for osiris_file in /proc/sys/net/ipv4/conf/*/accept_redirects; do
        case $osiris_file in
          */lo/*) continue ;; # nobody else's arrive there, and it has its address before sysctl runs
        esac
        [ "$osiris_setting" != 0 ] || osiris_setting=$(cat "$osiris_file" 2>/dev/null) || osiris_setting=0
      done
    fi
    fact "$osiris_key.running" "$osiris_setting"
  fi
done
