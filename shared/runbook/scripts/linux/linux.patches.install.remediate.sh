# Security updates alone, and never by removing something.
osiris_why() { printf '%s\n' "$1" | awk 'NF { last = $0 } END { gsub(/\/\/[^ ]*@/, "//", last); print substr(last, 1, 200) }'; }
DEBIAN_FRONTEND=noninteractive
APT_LISTCHANGES_FRONTEND=none
export DEBIAN_FRONTEND APT_LISTCHANGES_FRONTEND
if [ -e /etc/NIXOS ]; then
  fail 'NixOS is updated as a whole: raise its channel and rebuild'
fi
if command -v apt-get >/dev/null; then
  osiris_apt() { apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 2>&1; }
  osiris_out=$(dpkg --audit 2>&1) || fail 'dpkg cannot be asked'
  [ -z "$osiris_out" ] || fail 'packages are half installed: dpkg --configure -a comes first'
  osiris_out=$(osiris_apt -q update -o APT::Update::Error-Mode=any) || fail "the lists cannot be fetched: $(osiris_why "$osiris_out")"
  osiris_lines=$(security_plan -q) || fail 'apt-get cannot say what it would install'
  osiris_names=$(printf '%s\n' "$osiris_lines" | awk '$3 ~ /^\[/ { print $2 }' | sort -u)
  osiris_held=$(apt-mark showhold 2>/dev/null | awk 'NF { printf "%s%s", gap, $0; gap = " " }')
  if [ -n "$osiris_held" ]; then
    note "Held back by somebody, and left: $osiris_held"
  fi
  if [ -z "$osiris_names" ]; then
    # What was wrong is that nobody had fetched the lists.
    note 'The lists were fetched; no security update waits.'
    changed
    exit 0
  fi
  set --
  for osiris_name in $osiris_names; do
    set -- "$@" "$osiris_name"
  done
  # Who is named on a command line counts as wanted by a person from then on.
  osiris_auto=$(apt-mark showauto "$@" 2>/dev/null) || fail 'apt-mark cannot be asked'
  changed
  osiris_out=$(osiris_apt -q -y --no-remove --only-upgrade install "$@") || fail "the updates cannot be installed: $(osiris_why "$osiris_out")"
  for osiris_name in $osiris_auto; do
    apt-mark auto "$osiris_name" >/dev/null 2>&1 || note "$osiris_name counts as installed by a person now."
  done
  note "Updated $# packages."
  if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then
    reboot_needed
  fi
elif command -v dnf >/dev/null; then
  changed
  osiris_out=$(dnf -y -q --refresh upgrade --security 2>&1) || fail "the updates cannot be installed: $(osiris_why "$osiris_out")"
  # It ends with 1 where a restart is needed; it is not on every host.
  if command -v needs-restarting >/dev/null && ! needs-restarting -r >/dev/null 2>&1; then
    reboot_needed
  fi
elif command -v zypper >/dev/null; then
  osiris_out=$(zypper --non-interactive refresh 2>&1) || fail "the lists cannot be fetched: $(osiris_why "$osiris_out")"
  changed
  osiris_out=$(zypper --non-interactive patch --category security 2>&1)
  case $? in
    0 | 103) ;; # 103: zypper itself was updated, and the rest is for the next time
    102) reboot_needed ;;
    *) fail "the updates cannot be installed: $(osiris_why "$osiris_out")" ;;
  esac
else
  fail 'on this system a person installs the updates'
fi
