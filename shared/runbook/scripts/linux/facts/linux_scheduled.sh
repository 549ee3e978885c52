# Jobs and SUID programs that no package explains, and their digest. What a package
# brought and nobody changed is left out, so that updates do not count; a SUID
# program is named in any case, because packages of Debian keep no modes.
command -v sha256sum >/dev/null || fail 'there is no sha256sum'

osiris_list=$(for osiris_file in /etc/crontab /etc/anacrontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* \
  /etc/periodic/*/* /etc/crontabs/* /var/spool/cron/crontabs/* /var/spool/cron/tabs/* /var/spool/cron/* \
  /var/spool/cron/atjobs/* /var/spool/at/*; do
  if [ -f "$osiris_file" ]; then printf 'cron %s\n' "$osiris_file"; fi
done)
osiris_units=$(
  for osiris_folder in /etc/systemd/system /usr/local/lib/systemd/system /etc/systemd/user /usr/local/lib/systemd/user; do
    if [ ! -d "$osiris_folder" ]; then continue; fi
    find -P "$osiris_folder" -type f \( -name '*.timer' -o -name '*.service' -o -name '*.conf' \) 2>/dev/null | sed 's/^/unit /'
    # "systemctl link" takes a unit from anywhere. Links to units that are found in
    # their own folder only enable them or are second names.
    find -P "$osiris_folder" -type l \( -name '*.timer' -o -name '*.service' -o -name '*.conf' \) 2>/dev/null | while IFS= read -r osiris_file; do
      case $(readlink -f "$osiris_file" 2>/dev/null) in
        /dev/null | /etc/systemd/system/* | /usr/lib/systemd/system/* | /lib/systemd/system/* | /usr/local/lib/systemd/system/* | /run/systemd/* | \
          /etc/systemd/user/* | /usr/lib/systemd/user/* | /lib/systemd/user/* | /usr/local/lib/systemd/user/*) ;;
        *) printf 'unit %s\n' "$osiris_file" ;;
      esac
    done
  done
  for osiris_folder in /usr/lib/systemd/system /lib/systemd/system; do
    # /lib may be a link to the other.
    if [ -L "${osiris_folder%/systemd/system}" ]; then continue; fi
    for osiris_file in "$osiris_folder"/*.timer; do
      if [ ! -f "$osiris_file" ] || [ -L "$osiris_file" ]; then continue; fi
      printf 'unit %s\n' "$osiris_file"
      if [ -f "${osiris_file%.timer}.service" ]; then printf 'unit %s\n' "${osiris_file%.timer}.service"; fi
    done
  done
)

# Volumes on which SUID works: the system's own are walked, the rest is named.
osiris_mounts=$(awk '
  BEGIN { local = " ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs bcachefs overlay tmpfs " }
  !index(local, " " $3 " ") || ("," $4 ",") ~ /,nosuid,/ || seen[$2]++ { next }
  $2 ~ /^\/(proc|sys|var\/lib\/(docker|containers|containerd|lxc|machines)|run\/(docker|containerd|containers|credentials))(\/|$)/ { next }
  $2 == "/" || $2 ~ /^\/(usr|opt|home|root|var|tmp|boot|nix|srv\/http|run\/wrappers|dev\/shm)(\/(local|tmp|log|lib|opt|store))?(\/(local|tmp|log|lib|opt|store))?$/ { print "walk " $2; next }
  { print "left " $2 }' /proc/self/mounts) || fail 'the mounts cannot be read'
osiris_limit() { "$@"; }
if command -v timeout >/dev/null; then
  osiris_limit() { timeout 25 "$@"; }
fi
set --
for osiris_file in $(printf '%s\n' "$osiris_mounts" | sed -n 's/^walk //p'); do
  set -- "$@" "$osiris_file"
done
[ $# -gt 0 ] || fail 'no volume of the system was found'
osiris_found=$(osiris_limit find -P "$@" -xdev \
  \( -path /var/lib/docker -o -path /var/lib/containers -o -path /var/lib/containerd -o -path /var/lib/lxc -o -path /var/lib/machines -o -path /nix/store -o -name .snapshots \) -prune -o \
  -type f \( -perm -4000 -o -perm -2010 \) -print 2>/dev/null)
case $? in
  0 | 1) ;; # 1: files that came or went on the way
  *) fail 'the search for SUID programs did not end in time' ;;
esac
osiris_list=$(printf '%s\n%s\n%s\n' "$osiris_list" "$osiris_units" "$(printf '%s\n' "$osiris_found" | sed '/./s/^/suid /')" | awk 'NF && !seen[$0]++')
osiris_count=$(count_lines "$osiris_list")
[ "$osiris_count" -le 3000 ] || fail "there are $osiris_count jobs and SUID programs"

# Whose they are, as PATH OWNER, and what is not as its package brought it. Odd
# names are nobody's.
osiris_plain=$(printf '%s\n' "$osiris_list" | sed 's/^[a-z]* //' | grep '^[A-Za-z0-9_./+@:,=~%#-]*$')
osiris_owners=
osiris_other=
if command -v dpkg-query >/dev/null; then
  # Where /bin is a link, packages still say /bin/su for /usr/bin/su.
  osiris_owners=$(printf '%s\n' "$osiris_plain" | awk '{ print } sub(/^\/usr\//, "/") { print }' | xargs dpkg-query -S 2>/dev/null |
    awk '/^diversion by / { next } { at = index($0, ": /"); if (at) { name = substr($0, 1, at - 1); sub(/[:,].*$/, "", name); path = substr($0, at + 2)
      print path, name; if (path ~ /^\/(bin|sbin|lib)/) print "/usr" path, name } }')
  [ -n "$osiris_owners" ] || fail 'dpkg knows no owner of anything'
  osiris_packages=$(printf '%s\n' "$osiris_owners" | awk 'NF { print $2 }' | sort -u)
  if [ -n "$osiris_packages" ]; then
    # It says which differ, and ends with 1 then, or with 0.
    osiris_other=$(printf '%s\n' "$osiris_packages" | osiris_limit xargs dpkg --verify 2>/dev/null)
    [ $? -lt 124 ] || fail 'dpkg cannot verify packages'
    osiris_other=$(printf '%s\n' "$osiris_other" | awk '$1 ~ /5/ || $1 == "missing" { print $NF; if ($NF ~ /^\/(bin|sbin|lib)/) print "/usr" $NF }')
  fi
elif command -v rpm >/dev/null; then
  rpm -q rpm >/dev/null 2>&1 || fail 'rpm cannot be asked'
  osiris_owners=$(printf '%s\n' "$osiris_plain" | while IFS= read -r osiris_file; do
    osiris_name=$(rpm -qf --qf '%{NAME}\n' "$osiris_file" 2>/dev/null) && printf '%s %s\n' "$osiris_file" "$(printf '%s\n' "$osiris_name" | head -n 1)"
  done)
  osiris_packages=$(printf '%s\n' "$osiris_owners" | awk 'NF { print $2 }' | sort -u)
  if [ -n "$osiris_packages" ]; then
    osiris_other=$(printf '%s\n' "$osiris_packages" | osiris_limit xargs rpm -V --nodeps --noscripts 2>/dev/null)
    [ $? -lt 124 ] || fail 'rpm cannot verify packages'
    osiris_other=$(printf '%s\n' "$osiris_other" | awk '$1 ~ /^.M|5/ || $1 == "missing" { print $NF }')
  fi
fi

# KIND PATH OWNER for what is a package's own; KIND PATH - for what is not.
osiris_entries=$(
  {
    printf '%s\n' "$osiris_other" | awk 'NF { print "other " $0 }'
    printf '%s\n' "$osiris_owners" | awk 'NF { print "owner " $0 }'
    printf '%s\n' "$osiris_list"
  } | awk '
    $1 == "other" { other[$2] = 1; next }
    $1 == "owner" { owner[$2] = $3; next }
    {
      path = substr($0, index($0, " ") + 1)
      own = (path in owner) && !(path in other)
      if (own && $1 != "suid") next
      print (own ? owner[path] : "-") " " $0
    }' | while IFS=' ' read -r osiris_owner osiris_kind osiris_file; do
    if [ "$osiris_owner" = - ]; then
      osiris_owner=$(sha256sum <"$osiris_file" 2>/dev/null) || osiris_owner=unreadable
      osiris_owner=${osiris_owner%% *}
    fi
    printf '%s %s %s\n' "$osiris_kind" "$osiris_file" "$osiris_owner"
  done | sort
)
osiris_digest=$(printf '%s\n' "$osiris_entries" | sha256sum) || fail 'the digest cannot be made'
fact entries_digest "${osiris_digest%% *}"
fact entry_count "$(count_lines "$osiris_entries")"
# What no package explains first, then the rest, as far as there is room.
printf '%s\n' "$osiris_entries" | awk '
  NF { what = $NF; long = length(what) == 64; sub(/ [^ ]*$/, ""); line = substr($0, 1, 200) " " (long ? substr(what, 1, 12) : what)
    if (long || what == "unreadable") first[++a] = line; else second[++b] = line }
  END { for (i = 1; i <= a && i <= 48; i++) print first[i]; for (j = 1; j <= b && a + j <= 48; j++) print second[j] }' |
  while IFS= read -r osiris_line_of; do
    if [ -n "$osiris_line_of" ]; then fact entry "$osiris_line_of"; fi
  done
printf '%s\n' "$osiris_mounts" | sed -n 's/^left //p' | awk '++count <= 8' | while IFS= read -r osiris_file; do
  fact not_walked "$osiris_file"
done
