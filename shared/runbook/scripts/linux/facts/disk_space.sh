# Local disks, the system's first, each device once: bind mounts repeat it, and
# container engines mount an overlay for each container on the same disk.
osiris_mounts=$(awk '
  BEGIN { local = " ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs bcachefs overlay apfs ntfs3 vfat " }
  NF < 4 || !index(local, " " $3 " ") { next }
  $2 == "/" { seen[$1] = 1; next }
  $3 == "overlay" || seen[$1] || $4 ~ /^ro,/ { next }
  {
    seen[$1] = 1
    gsub(/\\040/, " ", $2)
    gsub(/\\011/, "\t", $2)
    gsub(/\\134/, "\\", $2)
    print $2
  }' /proc/self/mounts) || fail 'the mounts cannot be read'
printf '/\n%s\n' "$osiris_mounts" | while IFS= read -r osiris_mount; do
  [ -n "$osiris_mount" ] || continue
  # One that cannot be read has the size 0.
  osiris_size=$(stat -f -c '%s %b %a' -- "$osiris_mount" 2>/dev/null) || osiris_size='0 0 0'
  fact volume "$(printf '%s\n' "$osiris_size" | awk '{ printf "%.0f %.0f", $1 * $2, $1 * $3 }') $osiris_mount"
done
