# What the lists on the host say: nothing is fetched, and no cache is written.
osiris_show() { # of names, one a line: how many, and the first
  fact security_count "$(count_lines "$1")"
  printf '%s\n' "$1" | awk 'NF && ++count <= 30' | while IFS= read -r osiris_name; do
    fact security_update "$osiris_name"
  done
}
# osiris_age TIME: since the lists were fetched. Without one there is no fact.
osiris_age() {
  osiris_now=$(date +%s) || fail 'the time cannot be read'
  if [ -n "$1" ] && [ "$1" -le "$osiris_now" ]; then
    fact list_age_hours $(((osiris_now - $1) / 3600))
  fi
}
# osiris_oldest ENABLED: of lines "TIME REPOSITORY", of each repository the newest,
# and of these the oldest. What is not among those enabled is a rest; where nobody
# says which are, each counts.
osiris_oldest() {
  osiris_enabled=$1 awk '
    BEGIN { count = split(ENVIRON["osiris_enabled"], name, "\n"); for (i = 1; i <= count; i++) if (name[i] != "") { is[name[i]] = 1; known = 1 } }
    { who = substr($0, index($0, " ") + 1) }
    (!known || who in is) && $1 + 0 > newest[who] { newest[who] = $1 + 0 }
    END { for (who in newest) if (!oldest || newest[who] < oldest) oldest = newest[who]; if (oldest) printf "%.0f\n", oldest }'
}
osiris_any() {
  for osiris_file in "$@"; do
    if [ -e "$osiris_file" ]; then return 0; fi
  done
  return 1
}

# osiris_support ID VERSION: until when the maker mends a release for everybody, by
# what they said on 2026-11-22: debian.org (its long term support), ubuntu.com,
# access.redhat.com, almalinux.org, rockylinux.org, alpinelinux.org, opensuse.org.
osiris_support() {
  case $1:$2 in
    debian:8) echo 2020-06-30 ;;
    debian:9) echo 2022-06-30 ;;
    debian:10) echo 2024-06-30 ;;
    debian:11) echo 2026-08-31 ;;
    debian:12) echo 2028-06-30 ;;
    debian:13) echo 2030-06-30 ;;
    ubuntu:14.04) echo 2019-04-25 ;;
    ubuntu:16.04) echo 2021-04-30 ;;
    ubuntu:18.04) echo 2023-05-31 ;;
    ubuntu:20.04) echo 2025-05-29 ;;
    ubuntu:22.04) echo 2027-06-01 ;;
    ubuntu:24.04) echo 2029-05-31 ;;
    ubuntu:24.10) echo 2025-07-10 ;;
    ubuntu:25.04) echo 2026-01-15 ;;
    ubuntu:25.10) echo 2026-07-09 ;;
    ubuntu:26.04) echo 2031-05-29 ;;
    ubuntu-esm:14.04) echo 2024-04-25 ;;
    ubuntu-esm:16.04) echo 2026-04-23 ;;
    ubuntu-esm:18.04) echo 2028-04-26 ;;
    ubuntu-esm:20.04) echo 2030-04-23 ;;
    ubuntu-esm:22.04) echo 2032-04-21 ;;
    ubuntu-esm:24.04) echo 2034-04-25 ;;
    ubuntu-esm:26.04) echo 2036-04-23 ;;
    rhel:7* | centos:7*) echo 2024-06-30 ;;
    centos:8*) echo 2024-05-31 ;;
    centos:9) echo 2027-05-31 ;;
    rhel:8* | almalinux:8* | rocky:8*) echo 2029-05-31 ;;
    rhel:9* | almalinux:9* | rocky:9*) echo 2032-05-31 ;;
    rhel:10* | almalinux:10* | rocky:10*) echo 2035-05-31 ;;
    alpine:3.18.*) echo 2025-05-09 ;;
    alpine:3.19.*) echo 2025-11-01 ;;
    alpine:3.20.*) echo 2026-04-01 ;;
    alpine:3.21.*) echo 2026-11-01 ;;
    alpine:3.22.*) echo 2027-05-01 ;;
    alpine:3.23.*) echo 2027-11-01 ;;
    opensuse-leap:15.5) echo 2024-12-31 ;;
    opensuse-leap:15.6) echo 2026-04-30 ;;
  esac
}
osiris_release() { sed -n "s/^$1=[\"']\\{0,1\\}\\([0-9A-Za-z._-]*\\)[\"']\\{0,1\\}\$/\\1/p" /etc/os-release; }
osiris_end=
if [ -r /etc/os-release ]; then
  osiris_end=$(osiris_release SUPPORT_END) || fail 'os-release cannot be read'
  if [ -z "$osiris_end" ]; then
    osiris_system=$(osiris_release ID)
    # Who has Ubuntu's extended support has its lists.
    if [ "$osiris_system" = ubuntu ] && osiris_any /var/lib/apt/lists/*esm.ubuntu.com_infra_*Release; then osiris_system=ubuntu-esm; fi
    osiris_end=$(osiris_support "$osiris_system" "$(osiris_release VERSION_ID)")
  fi
fi
osiris_today=$(date -u +%Y-%m-%d) || fail 'the time cannot be read'
case $osiris_end in
  [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9])
    fact support_end "$osiris_end"
    if [ "$osiris_end" != "$osiris_today" ] && [ "$(printf '%s\n' "$osiris_end" "$osiris_today" | sort | head -n 1)" = "$osiris_end" ]; then
      fact support_ended "$osiris_end"
    fi
    ;;
esac
if [ -e /etc/NIXOS ]; then
  fact package_manager nix
elif command -v apt-get >/dev/null; then
  fact package_manager apt
  osiris_any /var/lib/apt/lists/*Release || fail 'apt has no list of packages'
  # The caches are kept in memory; held packages are named too.
  osiris_plan=$(security_plan -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --ignore-hold) ||
    fail 'apt-get cannot say what it would install: packages may be broken'
  osiris_show "$(printf '%s\n' "$osiris_plan" | awk '{ print $2 }' | sort -u)"
  if osiris_any /var/lib/apt/lists/*security*Release; then fact security_source yes; else fact security_source no; fi
  if grep -qs update-success-stamp /etc/apt/apt.conf.d/*; then
    # Ubuntu's hook writes it where every list was fetched.
    osiris_at=$(newest /var/lib/apt/periodic/update-success-stamp)
  else
    osiris_at=$(newest /var/lib/apt/periodic/update-success-stamp /var/lib/apt/periodic/update-stamp /var/lib/apt/lists)
  fi
  # Those move with any list. Debian signs the ones for security anew within 7 days,
  # and says until when they count; Ubuntu's change each day.
  osiris_now=$(date +%s) || fail 'the time cannot be read'
  for osiris_file in /var/lib/apt/lists/*security*Release; do
    osiris_signed=$(sed -n 's/^Date: \([A-Za-z0-9:, +-]*\)$/\1/p' "$osiris_file" 2>/dev/null | head -n 1)
    if [ -z "$osiris_signed" ] || [ -z "$osiris_at" ]; then continue; fi
    osiris_signed=$(date -u -d "$osiris_signed" +%s 2>/dev/null) || continue
    osiris_days=30
    if grep -q '^Valid-Until: ' "$osiris_file"; then osiris_days=10; fi
    if [ "$osiris_signed" -lt "$osiris_at" ] && [ $((osiris_now - osiris_signed)) -gt $((osiris_days * 86400)) ]; then osiris_at=$osiris_signed; fi
  done
  osiris_age "$osiris_at"
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
  # What was found unchanged is only touched. Folders are called REPOSITORY-NUMBER.
  osiris_repositories=$(dnf -C -q repolist --enabled 2>/dev/null | awk 'NR > 1 || $1 != "repo" { print $1 }')
  osiris_age "$(for osiris_file in /var/cache/dnf/*/repodata/*primary* /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/*primary* /var/cache/libdnf5/*/repodata/repomd.xml; do
    osiris_name=${osiris_file%/repodata/*}
    osiris_name=${osiris_name##*/}
    if [ -e "$osiris_file" ]; then printf '%s %s\n' "$(newest "$osiris_file")" "${osiris_name%-*}"; fi
  done | osiris_oldest "$osiris_repositories")"
elif command -v zypper >/dev/null; then
  fact package_manager zypper
  osiris_any /var/cache/zypp/raw/*/repodata/repomd.xml || fail 'zypper has no list of packages'
  osiris_plan=$(zypper --non-interactive --no-refresh --xmlout list-patches --category security 2>/dev/null) || fail 'zypper cannot say what it would install'
  osiris_show "$(printf '%s\n' "$osiris_plan" | sed -n 's/^.*<update .*name="\([^"]*\)".*$/\1/p' | sort -u)"
  if osiris_any /var/cache/zypp/raw/*/repodata/*updateinfo*; then fact security_source yes; else fact security_source unlabelled; fi
  osiris_repositories=$(zypper --non-interactive --no-refresh --xmlout repos --show-enabled-only 2>/dev/null | sed -n 's/^.*<repo alias="\([^"]*\)".*$/\1/p')
  osiris_age "$(for osiris_file in /var/cache/zypp/raw/*/repodata/repomd.xml; do
    osiris_name=${osiris_file%/repodata/*}
    if [ -e "$osiris_file" ]; then printf '%s %s\n' "$(newest "$osiris_file")" "${osiris_name##*/}"; fi
  done | osiris_oldest "$osiris_repositories")"
elif command -v apk >/dev/null; then
  fact package_manager apk
  osiris_any /var/cache/apk/APKINDEX.* || fail 'apk has no list of packages'
  # Alpine's stable branches have nothing but fixes, so every update counts.
  osiris_plan=$(apk --no-network version -l '<' 2>/dev/null) || fail 'apk cannot say what it would install'
  osiris_show "$(printf '%s\n' "$osiris_plan" | awk '$2 == "<" { print $1 }' | sort -u)"
  fact security_source yes
  osiris_age "$(newest /var/cache/apk/APKINDEX.*)"
fi
