# There is no way back; what was installed before is kept for whoever looks for one.
if [ -e /etc/NIXOS ]; then
  fail 'NixOS is updated as a whole: raise its channel and rebuild'
elif command -v dpkg-query >/dev/null; then
  # shellcheck disable=SC2016 # the braces are dpkg's
  osiris_versions=$(dpkg-query -W -f '${Package} ${Version}\n') || fail 'the packages cannot be listed'
elif command -v rpm >/dev/null; then
  osiris_versions=$(rpm -qa --qf '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}\n') || fail 'the packages cannot be listed'
else
  fail 'on this system a person installs the updates'
fi
# 64 KiB hold some 2,000 packages.
state "$(printf '%s\n' "$osiris_versions" | awk '{ size += length($0) + 1 } size <= 65000')"
