# The kernel's flag says whether a daemon kept the clock, and the processes whether
# one still does; the kernel's bound of the error grows between two polls.
osiris_flag=$(clock_unsynchronised)
[ -n "$osiris_flag" ] || fail 'neither timedatectl nor chronyc nor adjtimex tells whether the clock is kept'
# For 9 hours after its daemon ended the kernel calls the clock kept: until its bound
# of the error, which grows by 500 ppm, is 16 s. It cuts names at 15 characters.
osiris_daemon=no
for osiris_file in /proc/[0-9]*/comm; do
  osiris_name=
  { read -r osiris_name <"$osiris_file"; } 2>/dev/null
  case $osiris_name in
    chronyd | ntpd | openntpd | ntpsec | ntimed-client | systemd-timesyn | ptp4l | phc2sys | ts2phc | timemaster)
      osiris_daemon=yes
      break
      ;;
  esac
done
if [ "$osiris_daemon$osiris_flag" != yesno ] && in_container; then
  fact not_applicable "The clock is that of the container's host."
  exit 0
fi
fact unsynchronised "$osiris_flag"
fact daemon "$osiris_daemon"
osiris_offset=$(chronyc -c tracking 2>/dev/null | awk -F, '
  NF > 10 && $NF != "Not synchronised" && $2 ~ /^[0-9A-Za-z.:-]+$/ { printf "Server=%s;Ms=%d;Stratum=%d", $2, $5 * 1000, $3 }')
if [ -n "$osiris_offset" ]; then
  fact offset "$osiris_offset"
fi
