# What the lists on the host say: nothing is fetched, and no cache is written.
osiris_show() { # of names, one a line: how many, and the first
  fact security_count "$(count_lines "$1")"
  printf '%s\n' "$1" | awk 'NF && ++count <= 30' | while IFS= read -r osiris_name; do
    fact security_update "$osiris_name"
  done
}
# osiris_age FILE...: since the newest was written. Without one there is no fact.
osiris_age() {
  osiris_at=$(newest "$@")
  osiris_now=$(date +%s) || fail 'the time cannot be read'
  if [ -n "$osiris_at" ] && [ "$osiris_at" -le "$osiris_now" ]; then
    fact list_age_hours $(((osiris_now - osiris_at) / 3600))
  fi
}
osiris_any() {
  for osiris_file in "$@"; do
    if [ -e "$osiris_file" ]; then return 0; fi
  done
  return 1
}

if [ -r /etc/os-release ]; then
  osiris_end=$(sed -n 's/^SUPPORT_END=["'\'']\{0,1\}\([0-9]\{4\}-[0-9][0-9]-[0-9][0-9]\)["'\'']\{0,1\}$/\1/p' /etc/os-release) || fail 'os-release cannot be read'
  osiris_today=$(date -u +%Y-%m-%d) || fail 'the time cannot be read'
  if [ -n "$osiris_end" ] && [ "$(printf '%s\n' "$osiris_end" "$osiris_today" | sort | head -n 1)" = "$osiris_end" ] && [ "$osiris_end" != "$osiris_today" ]; then
    fact support_ended "$osiris_end"
  fi
fi

if [ -e /etc/NIXOS ]; then
  fact package_manager nix
elif command -v apt-get >/dev/null; then
  fact package_manager apt
  osiris_any /var/lib/apt/lists/*Release || fail 'apt has no list of packages'
  # Its words are of the program, not of a language: Inst NAME [OLD] (NEW LABEL:VERSION/SUITE, ...).
  # The caches are kept in memory; held packages are named too.
  osiris_plan=$(apt-get -s -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --ignore-hold dist-upgrade 2>/dev/null) ||
    fail 'apt-get cannot say what it would install: packages may be broken'
  osiris_show "$(printf '%s\n' "$osiris_plan" | awk '$1 == "Inst" && /Debian-Security:|[a-z]-security[], ]/ { print $2 }' | sort -u)"
  if osiris_any /var/lib/apt/lists/*security*Release; then fact security_source yes; else fact security_source no; fi
  osiris_age /var/lib/apt/periodic/update-success-stamp /var/lib/apt/periodic/update-stamp /var/lib/apt/lists
elif command -v dnf >/dev/null; then
  fact package_manager dnf
  osiris_any /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml || fail 'dnf has no list of packages'
  osiris_plan=$(dnf -C -q updateinfo list --updates --security 2>/dev/null) || osiris_plan=$(dnf -C -q updateinfo list --security 2>/dev/null) ||
    fail 'dnf cannot say what it would install'
  # ADVISORY SEVERITY/Sec. PACKAGE, since dnf 5 ADVISORY security SEVERITY PACKAGE and a date.
  osiris_show "$(printf '%s\n' "$osiris_plan" | awk '$2 ~ /\/Sec\.$/ { print $3 } $2 == "security" { print $4 }' | sort -u)"
  if osiris_any /var/cache/dnf/*/repodata/*updateinfo* /var/cache/libdnf5/*/repodata/*updateinfo*; then
    fact security_source yes
  else
    fact security_source unlabelled
  fi
  # What was found unchanged is only touched.
  osiris_age /var/cache/dnf/*/repodata/*primary* /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/*primary* /var/cache/libdnf5/*/repodata/repomd.xml
elif command -v zypper >/dev/null; then
  fact package_manager zypper
  osiris_any /var/cache/zypp/raw/*/repodata/repomd.xml || fail 'zypper has no list of packages'
  osiris_plan=$(zypper --non-interactive --no-refresh --xmlout list-patches --category security 2>/dev/null) || fail 'zypper cannot say what it would install'
  osiris_show "$(printf '%s\n' "$osiris_plan" | sed -n 's/^.*<update .*name="\([^"]*\)".*$/\1/p' | sort -u)"
  if osiris_any /var/cache/zypp/raw/*/repodata/*updateinfo*; then fact security_source yes; else fact security_source unlabelled; fi
  osiris_age /var/cache/zypp/raw/*/repodata/repomd.xml
elif command -v apk >/dev/null; then
  fact package_manager apk
  osiris_any /var/cache/apk/APKINDEX.* || fail 'apk has no list of packages'
  # Alpine's stable branches have nothing but fixes, so every update counts.
  osiris_plan=$(apk --no-network version -l '<' 2>/dev/null) || fail 'apk cannot say what it would install'
  osiris_show "$(printf '%s\n' "$osiris_plan" | awk '$2 == "<" { print $1 }' | sort -u)"
  fact security_source yes
  osiris_age /var/cache/apk/APKINDEX.*
fi
