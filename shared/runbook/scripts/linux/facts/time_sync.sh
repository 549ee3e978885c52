# The kernel's flag alone says whether a daemon keeps the clock; its bound of the
# error grows between two polls.
osiris_flag=$(clock_unsynchronised)
[ -n "$osiris_flag" ] || fail 'neither timedatectl nor chronyc nor adjtimex tells whether the clock is kept'
if [ "$osiris_flag" = yes ] && in_container; then
  fact not_applicable "The clock is that of the container's host."
  exit 0
fi
fact unsynchronised "$osiris_flag"
osiris_offset=$(chronyc -c tracking 2>/dev/null | awk -F, '
  NF > 10 && $NF != "Not synchronised" && $2 ~ /^[0-9A-Za-z.:-]+$/ { printf "Server=%s;Ms=%d;Stratum=%d", $2, $5 * 1000, $3 }')
if [ -n "$osiris_offset" ]; then
  fact offset "$osiris_offset"
fi
