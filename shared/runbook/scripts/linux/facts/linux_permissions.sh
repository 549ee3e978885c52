# Modes as they are; the judge says which are well.
osiris_row() { # KIND PATH
  [ -e "$2" ] || return 0
  osiris_stat=$(stat -L -c '%u %g %a %G' "$2" 2>/dev/null) || fail "$2 cannot be looked at"
  osiris_owner=${osiris_stat%% *}
  osiris_stat=${osiris_stat#* }
  osiris_group=${osiris_stat%% *}
  osiris_stat=${osiris_stat#* }
  fact file "Kind=$1;Path=$(row_text "$2");Owner=$osiris_owner;Group=$osiris_group;GroupName=$(row_text "${osiris_stat#* }");Mode=$((0${osiris_stat%% *}))"
}
[ -e /etc/passwd ] || fail '/etc/passwd is not there'
for osiris_file in /etc/passwd /etc/group /etc/passwd- /etc/group-; do
  osiris_row account "$osiris_file"
done
for osiris_file in /etc/shadow /etc/gshadow /etc/shadow- /etc/gshadow- /etc/security/opasswd; do
  osiris_row secret "$osiris_file"
done
osiris_count=0
osiris_told=0
for osiris_file in /etc/ssh/ssh_host_*_key; do
  osiris_row key "$osiris_file"
done
for osiris_file in $osiris_config; do
  osiris_row config "$osiris_file"
done
for osiris_file in $osiris_parts; do
  osiris_count=$((osiris_count + 1))
  if [ "$osiris_count" -gt 8 ]; then
    # More would not fit: only what is wrong is told.
    osiris_bad=$(find -L "$osiris_file" -prune \( -perm -0020 -o -perm -0002 -o ! -user 0 \) 2>/dev/null) || continue
    [ -n "$osiris_bad" ] || continue
    osiris_told=$((osiris_told + 1))
    if [ "$osiris_told" -gt 16 ]; then break; fi
  fi
  osiris_row config "$osiris_file"
done
osiris_deep=$(others_below) || fail 'what root runs cannot be searched'
printf '%s\n' "$osiris_deep" | awk 'NF && ++count <= 8' | while IFS= read -r osiris_file; do
  osiris_row config "$osiris_file"
done
osiris_open=$(open_below_etc) || fail '/etc cannot be searched'
fact world_writable_count "$(count_lines "$osiris_open")"
printf '%s\n' "$osiris_open" | awk 'NF && ++count <= 8' | while IFS= read -r osiris_file; do
  fact world_writable "$osiris_file"
done
