# From a volume down to the disks, by the kernel's own tree: each way must meet a cipher.
if in_container; then
  fact not_applicable 'A container has no disks of its own.'
  exit 0
fi
[ -d /sys/class/block ] || fail 'the kernel shows no disks'

# osiris_cipher DM: 0 if this mapping encrypts, 1 if not, 2 if that cannot be told.
osiris_cipher() {
  osiris_name=$(cat "/sys/class/block/$1/dm/name" 2>/dev/null) || return 2
  command -v cryptsetup >/dev/null || return 2
  osiris_status=$(cryptsetup status "$osiris_name" 2>/dev/null) || return 2
  case $(printf '%s\n' "$osiris_status" | awk '$1 == "cipher:" { print $2; exit }') in
    '') return 2 ;;
    *null*) return 1 ;;
  esac
  return 0
}

# osiris_below DEVICE LEVEL: the same of everything that it stands on.
osiris_below() (
  osiris_block=/sys/class/block/$1
  [ -e "$osiris_block" ] && [ "$2" -lt 12 ] || exit 2
  case $(cat "$osiris_block/dm/uuid" 2>/dev/null) in
    CRYPT-VERITY-* | CRYPT-INTEGRITY-*) ;; # they sign, and hide nothing
    CRYPT-*)
      osiris_cipher "$1"
      exit
      ;;
  esac
  osiris_any=
  osiris_worst=0
  for osiris_slave in "$osiris_block"/slaves/*; do
    [ -e "$osiris_slave" ] || continue
    osiris_any=yes
    osiris_below "${osiris_slave##*/}" $(($2 + 1))
    case $? in
      0) ;;
      1) exit 1 ;;
      *) osiris_worst=2 ;;
    esac
  done
  if [ -n "$osiris_any" ]; then
    exit "$osiris_worst"
  fi
  if [ -e "$osiris_block/partition" ]; then
    osiris_real=$(readlink -f "$osiris_block") || exit 2
    osiris_disk=${osiris_real%/*}
    osiris_below "${osiris_disk##*/}" $(($2 + 1))
    exit
  fi
  exit 1
)

osiris_whole() { # FSTYPE SOURCE NUMBER
  if [ "$1" = zfs ]; then
    osiris_value=$(zfs get -H -o value encryption "$2" 2>/dev/null) || return 2
    case $osiris_value in
      off) return 1 ;;
      aes-* | on) return 0 ;;
    esac
    return 2
  fi
  case $3 in
    0:*) osiris_link=$(readlink -f "${2%%\[*}") || return 2 ;;
    *) osiris_link=$(readlink -f "/sys/dev/block/$3") || return 2 ;;
  esac
  osiris_device=${osiris_link##*/}
  if [ "$1" != btrfs ]; then
    osiris_below "$osiris_device" 0
    return
  fi
  # One of several disks is what the mount names.
  for osiris_pool in /sys/fs/btrfs/*/devices; do
    [ -e "$osiris_pool/$osiris_device" ] || continue
    osiris_sum=0
    for osiris_member in "$osiris_pool"/*; do
      osiris_below "${osiris_member##*/}" 0
      case $? in
        0) ;;
        1) return 1 ;;
        *) osiris_sum=2 ;;
      esac
    done
    return "$osiris_sum"
  done
  return 2
}

osiris_say() { # RESULT PLAIN-NAME WHAT
  case $1 in
    0) fact encrypted "$3" ;;
    1) fact "$2" "$3" ;;
    *) fact unread_volume "$3" ;;
  esac
}

osiris_mounts=$(awk '
  BEGIN { local = " ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs bcachefs ntfs3 ntfs fuseblk vfat exfat nilfs2 " }
  {
    for (i = 7; i <= NF && $i != "-"; i++);
    type = $(i + 1)
    source = $(i + 2)
    where = $5
    gsub(/\\040/, " ", where)
    gsub(/\\011|\\012/, "?", where)
    gsub(/\\134/, "\\", where)
    key = ($3 ~ /^0:/) ? source : $3
  }
  where == "/" { root = 0 }
  # What lies on a device counts, but for images that cannot be written.
  !index(local, " " type " ") && (source !~ /^\/dev\// || type ~ /^(squashfs|erofs|iso9660|udf|cramfs)$/) || where ~ /^\/(boot|efi)(\/|$)/ { next }
  where == "/" { root = 1 }
  where == "/" || !(key in best) { if (!(key in best)) order[++count] = key; best[key] = type "\t" source "\t" $3 "\t" where }
  END { for (i = 1; i <= count && i <= 24; i++) print best[order[i]]; if (!root) print "many\t-\t-\t/"; if (count > 24) print "many\t-\t-\tmore volumes than are looked at" }
' /proc/self/mountinfo) || fail 'the mounts cannot be read'
[ -n "$osiris_mounts" ] || fail 'no volume on a disk is mounted'
case $(cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name 2>/dev/null) in
  *QEMU* | *KVM* | *VMware* | *Xen* | *innotek* | *VirtualBox* | *Amazon* | *Google* | *'Virtual Machine'* | *OpenStack* | *DigitalOcean* | *Hetzner* | *Parallels*)
    fact virtual yes
    ;;
  *)
    # The processor says so too, where the firmware has no name.
    if grep -qs '^flags.* hypervisor' /proc/cpuinfo; then fact virtual yes; else fact virtual no; fi
    ;;
esac
printf '%s\n' "$osiris_mounts" | while IFS="$osiris_tab" read -r osiris_type osiris_source osiris_number osiris_where; do
  if [ "$osiris_type" = many ]; then
    fact unread_volume "$osiris_where"
    continue
  fi
  osiris_whole "$osiris_type" "$osiris_source" "$osiris_number"
  osiris_say $? plain "$osiris_where"
done
# Swap in a file lies on a volume that was looked at; zram is memory.
osiris_swaps=$(awk 'NR > 1 && $2 == "partition" && $1 !~ /^\/dev\/zram/ && ++count <= 8 { print $1 }' /proc/swaps 2>/dev/null)
printf '%s\n' "$osiris_swaps" | while IFS= read -r osiris_swap; do
  [ -n "$osiris_swap" ] || continue
  osiris_link=$(readlink -f "$osiris_swap") || osiris_link=$osiris_swap
  osiris_below "${osiris_link##*/}" 0
  osiris_say $? plain_swap "swap ${osiris_swap##*/}"
done
