case $OSIRIS_SNAPSHOT in
  ufw"$osiris_feed"* | firewalld"$osiris_feed"* | nftables"$osiris_feed"* | none) ;;
  *) fail 'the snapshot is not one of this runbook' ;;
esac
# A way back that is still armed is for where this fails.
firewall_restore "$OSIRIS_SNAPSHOT" || fail 'the firewall cannot be put back'
rm -f /run/osiris-firewall.armed
changed
