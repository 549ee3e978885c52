#!/bin/sh
# Removes the sensor, with its settings and what it remembers.
set -eu
[ "$(id -u)" = 0 ] || { echo "uninstall.sh: run it as root" >&2 && exit 1; }
if [ "${1:-}" != --force ]; then
	printf 'Remove the sensor from %s? [y/N] ' "$(uname -n)"
	read -r answer
	[ "$answer" = y ] || exit 1
fi
systemctl disable --now osiriscare-sensor.service 2>/dev/null || true
rm -rf /etc/systemd/system/osiriscare-sensor.service /usr/local/libexec/osiriscare-sensor.sh /etc/osiriscare/sensor.env /var/lib/osiriscare-sensor
rmdir /etc/osiriscare 2>/dev/null || true
systemctl daemon-reload
echo "The sensor is removed."
