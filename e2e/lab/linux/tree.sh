# Makes the tree $1/tree of the packages $2, as the first process of a process
# namespace, in a mount namespace of its own. $3 are the capabilities that no
# package's script needs.
set -eu
mount --make-rprivate /
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
exec setpriv --bounding-set="$(printf %s "$3" | sed 's/-mknod,//')" \
  mmdebstrap --mode=root --variant=minbase --format=directory --aptopt="$1/apt.conf" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include="$2" \
  --customize-hook='chroot "$1" sh -eu -c "
    useradd -m -s /bin/sh keeper
    useradd -m -s /bin/sh clerk
    useradd -m -s /bin/sh visitor
    printf \"%s:Secret-1\\n\" keeper clerk visitor | chpasswd
    printf \"keeper ALL=(ALL) NOPASSWD: ALL\\nclerk ALL=(ALL) ALL\\n\" >/etc/sudoers.d/lab
    chmod 440 /etc/sudoers.d/lab
    rm -f /etc/resolv.conf /etc/apt/apt.conf.d/99mmdebstrap
    printf \"127.0.0.1 localhost lab\\n\" >/etc/hosts
    printf \"lab\\n\" >/etc/hostname
    : >/etc/fstab
    systemctl mask systemd-pstore.service e2scrub_reap.service e2scrub_all.timer fstrim.timer getty@tty1.service console-getty.service \
      sys-fs-fuse-connections.mount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount proc-sys-fs-binfmt_misc.automount
  "' \
  bookworm "$1/tree" "$1/debian.sources" "$1/debian.list"
