# The running values of what remediate may set, then the file of our own.
osiris_settings=${OSIRIS_P_settings:-}
[ -n "$osiris_settings" ] || fail 'the policy names no setting'
for osiris_key in $(printf '%s\n' "$osiris_settings" | tr ',' '\n' | sed 's/=.*//'); do
  osiris_value=$(cat "/proc/sys/$(printf '%s\n' "$osiris_key" | tr . /)" 2>/dev/null) || osiris_value=
  state "$osiris_key $osiris_value"
done
# What no policy names, and remediate sets beside all: each card's, by its path.
case ,$osiris_settings in
  *,net.ipv4.conf.all.accept_redirects=*)
    for osiris_key in /proc/sys/net/ipv4/conf/*/accept_redirects; do
      osiris_value=$(cat "$osiris_key" 2>/dev/null) || continue
      osiris_card=${osiris_key%/*}
      state "net/ipv4/conf/${osiris_card##*/}/accept_redirects $osiris_value"
    done
    ;;
esac
keep_file /etc/sysctl.d/99-zz-osiris.conf
state file
state "$osiris_kept"
