# Debian's marker, and kernels that were installed since the last boot.
if [ -e /run/reboot-required ]; then
  fact reboot_required yes
  osiris_packages=
  if [ -e /run/reboot-required.pkgs ]; then
    osiris_packages=$(awk '
      { $1 = $1 }
      $0 != "" && length($0) <= 64 && !seen[$0]++ && ++count <= 20 { text = text (count > 1 ? " " : "") $0 }
      END { print text }' /run/reboot-required.pkgs) || fail 'the packages that ask for a reboot cannot be read'
  fi
  fact packages "$osiris_packages"
else
  fact reboot_required no
fi
osiris_running=$(cat /proc/sys/kernel/osrelease) || fail 'the running kernel cannot be read'
fact running_kernel "$osiris_running"
osiris_count=0
for osiris_kernel in /lib/modules/*; do
  osiris_kernel=${osiris_kernel##*/}
  # Removed kernels leave folders behind; a real one has its image.
  if [ -e "/boot/vmlinuz-$osiris_kernel" ] && [ "$osiris_count" -lt 16 ]; then
    osiris_count=$((osiris_count + 1))
    fact installed_kernel "$osiris_kernel"
  fi
done
