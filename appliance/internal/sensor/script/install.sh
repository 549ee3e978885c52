#!/bin/sh
# Installs the sensor on a Linux server with systemd:
#
#   sh install.sh --appliance-url http://192.0.2.10:8080
#
# Beside it, or else at the appliance, must lie osiriscare-sensor.sh. What is
# fetched comes over plain HTTP: on a network you do not trust, copy both files.
set -eu

usage() {
	echo "usage: sh install.sh --appliance-url URL [--sensor-id ID]" >&2
	exit 2
}

url='' id=''
while [ $# -gt 0 ]; do
	case $1 in
	--appliance-url) url=${2:?} && shift 2 ;;
	--sensor-id) id=${2:?} && shift 2 ;;
	--api-key) shift 2 ;; # of older instructions; nothing needs it
	*) usage ;;
	esac
done
case $url in
http://*[!A-Za-z0-9.:/_-]* | https://*[!A-Za-z0-9.:/_-]*) echo "install.sh: $url is no address of an appliance" >&2 && exit 2 ;;
http://?* | https://?*) url=${url%/} ;;
*) usage ;;
esac
case $id in *[!A-Za-z0-9._-]*) usage ;; esac
[ "$(id -u)" = 0 ] || { echo "install.sh: run it as root" >&2 && exit 1; }
command -v systemctl >/dev/null || { echo "install.sh: this needs systemd" >&2 && exit 1; }

fetch() { if command -v curl >/dev/null; then curl -sS -f -m 20 "$@"; else echo "install.sh: install curl first" >&2 && exit 1; fi; }

folder=$(dirname "$0")
new=$(mktemp)
trap 'rm -f "$new"' EXIT
if [ -f "$folder/osiriscare-sensor.sh" ]; then
	cp "$folder/osiriscare-sensor.sh" "$new"
else
	fetch -o "$new" "$url/sensor/osiriscare-sensor.sh"
fi
sh -n "$new"

if [ -z "$id" ] && [ -r /etc/osiriscare/sensor.env ]; then
	id=$(sed -n 's/^SENSOR_ID=//p' /etc/osiriscare/sensor.env)
fi
if [ -z "$id" ]; then
	answer=$(fetch -H 'Content-Type: application/json' -d "{\"hostname\":\"$(uname -n)\",\"kernel\":\"$(uname -r)\"}" "$url/sensor/register")
	id=$(printf %s "$answer" | sed -n 's/.*"sensor_id":"\([A-Za-z0-9._-]*\)".*/\1/p')
	[ -n "$id" ] || { echo "install.sh: the appliance gave no sensor id: $answer" >&2 && exit 1; }
fi

install -D -m 0755 "$new" /usr/local/libexec/osiriscare-sensor.sh
install -d -m 0755 /etc/osiriscare
(umask 077 && printf 'APPLIANCE_URL=%s\nSENSOR_ID=%s\nCHECK_INTERVAL=10\nSTATE_DIR=/var/lib/osiriscare-sensor\n' "$url" "$id" >/etc/osiriscare/sensor.env)
cat >/etc/systemd/system/osiriscare-sensor.service <<'UNIT'
[Unit]
Description=Compliance sensor
Wants=network-online.target
After=network-online.target

[Service]
EnvironmentFile=/etc/osiriscare/sensor.env
ExecStart=/bin/sh /usr/local/libexec/osiriscare-sensor.sh
Restart=always
RestartSec=10
StateDirectory=osiriscare-sensor
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_NET_ADMIN
MemoryMax=64M
CPUQuota=10%

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable osiriscare-sensor.service
systemctl restart osiriscare-sensor.service
echo "The sensor $id runs and reports to $url."
