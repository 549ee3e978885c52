# Process 1 of a target: makes its file system, and becomes systemd. It runs in
# mount, process, host name, IPC, network and cgroup namespaces of its own, and it
# is still root of the machine: what a namespace does not divide is read-only or
# taken away below. $1 is the tree, $2 an empty folder, $3 the address.
set -eu
read -r _ # the network is there
mount --make-rprivate /
mount -t tmpfs -o mode=755,size=512m tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
cd "$2/root"

mount -t proc -o nosuid,nodev,noexec proc proc
echo lab >proc/sys/kernel/hostname
# Only net is the target's own.
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro,nosuid,nodev,noexec proc/sys
for part in sysrq-trigger irq bus fs mtrr acpi scsi; do
  [ -e "proc/$part" ] || continue
  mount --bind "proc/$part" "proc/$part"
  mount -o remount,bind,ro,nosuid,nodev,noexec "proc/$part"
done

mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup

mount -t tmpfs -o mode=755,nosuid,noexec,size=16m tmpfs dev
for device in 'null 3' 'zero 5' 'full 7' 'random 8' 'urandom 9'; do
  mknod -m 666 "dev/${device% *}" c 1 "${device#* }"
done
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5,nosuid,noexec devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
for part in kcore kmsg keys timer_list kallsyms; do
  [ -e "proc/$part" ] || continue
  mount --bind dev/null "proc/$part"
done
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp

ip link set lo up
ip address add "$3" dev eth0
ip link set eth0 up

pivot_root . mnt
cd /
umount -l mnt
# Time, modules, devices, the kernel's log and restarting belong to the machine.
exec env -i container=lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  setpriv --bounding-set="$4" --inh-caps=-all \
  /sbin/init </dev/null >/dev/null 2>&1
