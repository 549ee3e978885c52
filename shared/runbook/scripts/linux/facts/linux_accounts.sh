# Names and numbers only: what is in the place of a password never leaves the host.
[ -r /etc/passwd ] || fail 'the accounts cannot be read'
[ -r /etc/shadow ] || fail 'how long passwords last cannot be read; it needs root'
fact accounts "$(awk -F: '$1 !~ /^[+-]/ && NF > 2' /etc/passwd | awk 'END { print NR }')"
awk -F: '
  $1 ~ /^[+-]/ || NF < 3 { next }
  $3 + 0 == 0 && $1 != "root" && ++superusers <= 20 { print "superuser\t" $1 }
  { if ($3 in names) { shared[$3] = 1; names[$3] = names[$3] " " $1 } else names[$3] = $1 }
  END {
    if (superusers > 20) print "superuser\tand " superusers - 20 " more"
    for (id in shared) if (++count <= 20) print "same_id\t" id ": " substr(names[id], 1, 200)
    if (count > 20) print "same_id\tand " count - 20 " more"
  }' /etc/passwd |
  while IFS="$osiris_tab" read -r osiris_name osiris_value; do
    fact "$osiris_name" "$osiris_value"
  done
# Those with a password: 13 characters are the shortest hash there is.
awk -F: '
  $1 !~ /^[+-]/ && $2 !~ /^[!*]/ && length($2) >= 13 && ++count <= 100 {
    gsub(/[\\;]/, "", $1)
    print "account\tName=" $1 ($5 == "" ? "" : ";MaxDays=" $5)
  }
  END { if (count > 100) print "account_more\t" count - 100 }' /etc/shadow |
  while IFS="$osiris_tab" read -r osiris_name osiris_value; do
    fact "$osiris_name" "$osiris_value"
  done
set --
for osiris_file in /etc/pam.d/common-auth /etc/pam.d/system-auth /etc/pam.d/password-auth /etc/pam.d/system-login /etc/pam.d/base-auth; do
  if [ -f "$osiris_file" ]; then
    set -- "$@" "$osiris_file"
  fi
done
if [ $# -gt 0 ]; then
  # How often is in the line or in the file of pam_faillock, whose own default is 3; with
  # 0, and pam_tally2 without a number, nothing is ever locked.
  osiris_deny=$(sed -n 's/^[[:space:]]*deny[[:space:]]*=[[:space:]]*\([0-9]*\).*/\1/p' /etc/security/faillock.conf 2>/dev/null | tail -n 1)
  osiris_lockout=$(awk -v deny="${osiris_deny:-3}" '
    FNR == 1 && FILENAME != "/dev/null" { name = FILENAME; sub(/.*\//, "", name); seen[name] = 1 }
    /^[ \t]*-?auth[ \t].*pam_(faillock|tally2)\.so/ {
      n = /pam_tally2/ ? 0 : deny
      if (match($0, /[ \t]deny=[0-9]+/)) n = substr($0, RSTART + 6, RLENGTH - 6)
      if (n + 0 > 0) locks[name] = any = 1
    }
    END {
      # Each of these two is asked by services that the other is not.
      if (("system-auth" in seen) && ("password-auth" in seen)) any = ("system-auth" in locks) && ("password-auth" in locks)
      print any ? "yes" : "no"
    }' "$@") || fail 'the files of pam.d cannot be read'
  fact lockout "$osiris_lockout"
fi
