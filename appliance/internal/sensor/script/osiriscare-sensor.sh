#!/bin/sh
# The sensor of a Linux server that has no agent. It reads, tells the appliance
# when something changes for the worse or better, and changes nothing itself.
# A check that cannot be read says nothing: it is neither a drift nor its end.
#
# Settings come from the environment, see install.sh: APPLIANCE_URL, SENSOR_ID,
# CHECK_INTERVAL (seconds, 10), STATE_DIR. With --once it goes round once and
# prints what it found.
set -u
export LC_ALL=C

VERSION=2.0.0
HEARTBEAT_INTERVAL=60
CHECK_INTERVAL=${CHECK_INTERVAL:-10}
STATE_DIR=${STATE_DIR:-/var/lib/osiriscare-sensor}
ONCE=
[ "${1:-}" = --once ] && ONCE=1
host=$(uname -n)

# json makes its argument fit between the quotes of a JSON string.
json() { printf %s "$1" | tr '\n\t' '  ' | tr -d '\000-\037\177' | cut -c 1-1000 | sed 's/\\/\\\\/g; s/"/\\"/g'; }

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# post sends a body to a path; it fails when the appliance does not take it.
post() {
	if [ -n "$ONCE" ]; then
		printf '%s %s\n' "$1" "$2"
		return 0
	fi
	if command -v curl >/dev/null; then
		printf %s "$2" | curl -sS -f -m 10 -o /dev/null -H 'Content-Type: application/json' --data-binary @- "$APPLIANCE_URL$1"
	else
		wget -q -T 10 -O /dev/null --header 'Content-Type: application/json' --post-data "$2" "$APPLIANCE_URL$1"
	fi
}

heartbeat() {
	up=$(cut -d. -f1 /proc/uptime)
	post /sensor/heartbeat "{\"sensor_id\":\"$(json "$SENSOR_ID")\",\"hostname\":\"$(json "$host")\",\"version\":\"$VERSION\",\"uptime\":$up,\"timestamp\":\"$(now)\"}"
}

# Each check prints its finding and ends with 0 for good, 1 for a drift, 2 for
# what could not be read.

check_disk_space() {
	list=$(df -P -l -x tmpfs -x devtmpfs -x squashfs -x overlay 2>/dev/null) || return 2
	[ -n "$list" ] || return 2
	full=$(printf '%s\n' "$list" | awk 'NR > 1 { use = $5; sub(/%/, "", use); if (use + 0 >= 90) printf "%s at %s%% ", $6, use }')
	[ -z "$full" ] && return 0
	printf %s "$full"
	return 1
}

check_ssh_config() {
	sshd=$(command -v sshd || echo /usr/sbin/sshd)
	[ -x "$sshd" ] || return 2
	settings=$("$sshd" -T 2>/dev/null) || return 2
	bad=$(printf '%s\n' "$settings" | awk '$1 == "permitrootlogin" && $2 == "yes" || $1 == "permitemptypasswords" && $2 == "yes" { printf "%s %s ", $1, $2 }')
	[ -z "$bad" ] && return 0
	printf %s "$bad"
	return 1
}

check_firewall() {
	if command -v nft >/dev/null; then
		rules=$(nft list ruleset 2>/dev/null) || return 2
		printf '%s\n' "$rules" | grep -q 'hook input.*policy drop' && return 0
		# A chain may accept by policy and refuse at its end whatever is left, as
		# firewalld's do; a rule that matches anything else refuses only that.
		printf '%s\n' "$rules" | awk '/^[[:space:]]*chain/ { input = 0 } /hook input/ { input = 1 } input && /^[[:space:]]*(counter( packets [0-9]+ bytes [0-9]+)? )?(drop|reject( with .*)?)$/ { found = 1 } END { exit !found }' && return 0
	elif command -v iptables >/dev/null; then
		rules=$(iptables -S INPUT 2>/dev/null) || return 2
		printf '%s\n' "$rules" | grep -q '^-P INPUT \(DROP\|REJECT\)' && return 0
	else
		return 2
	fi
	printf 'nothing refuses incoming connections'
	return 1
}

check_services() {
	command -v systemctl >/dev/null || return 2
	failed=$(systemctl list-units --failed --no-legend --plain 2>/dev/null) || return 2
	[ -z "$failed" ] && return 0
	printf '%s\n' "$failed" | awk '{ printf "%s ", $1 }'
	return 1
}

check_users() {
	[ -r /etc/passwd ] || return 2
	roots=$(awk -F: '$3 == 0 && $1 != "root" { printf "%s ", $1 }' /etc/passwd)
	[ -z "$roots" ] && return 0
	printf %s "$roots"
	return 1
}

# report compares a check with its last outcome and sends the difference. What
# was not taken is tried again in the next round. A sensor that starts sends no
# end of a drift it does not remember.
report() { # name, word of the drift at the appliance, severity, title, expected
	found=$("check_$1")
	outcome=$?
	[ "$outcome" = 2 ] && return 0
	state="$STATE_DIR/$1"
	[ "$(cat "$state" 2>/dev/null)" = "$outcome" ] && return 0
	if [ "$outcome" = 1 ]; then
		post /sensor/event "{\"sensor_id\":\"$(json "$SENSOR_ID")\",\"hostname\":\"$(json "$host")\",\"check_type\":\"$1\",\"severity\":\"$3\",\"title\":\"$4\",\"details\":\"$(json "$found")\",\"current_value\":\"$(json "$found")\",\"expected_value\":\"$5\",\"timestamp\":\"$(now)\"}" || return 0
	elif [ -f "$state" ]; then
		post /api/sensor/resolved "{\"hostname\":\"$(json "$host")\",\"drift_type\":\"$2\",\"resolved_at\":\"$(now)\",\"resolved_by\":\"sensor\"}" || return 0
	fi
	[ -n "$ONCE" ] || printf %s "$outcome" >"$state"
}

round() {
	report disk_space low_disk_space high 'A disk is nearly full' 'every disk below 90 %'
	report ssh_config linux_sensor_ssh_config high 'SSH lets root or empty passwords in' 'no login of root by password'
	report firewall linux_firewall_disabled critical 'No firewall' 'incoming connections refused by default'
	report services linux_sensor_services medium 'Services have failed' 'no failed unit'
	report users linux_sensor_users critical 'More than one superuser' 'only root has the user id 0'
}

if [ -n "$ONCE" ]; then
	SENSOR_ID=${SENSOR_ID:-none} STATE_DIR=/nonexistent
	round
	exit 0
fi
: "${APPLIANCE_URL:?set APPLIANCE_URL, for example http://192.0.2.10:8080}" "${SENSOR_ID:?set SENSOR_ID, as install.sh does}"
mkdir -p "$STATE_DIR" || exit 1
last=0
while :; do
	round
	at=$(date +%s)
	if [ $((at - last)) -ge "$HEARTBEAT_INTERVAL" ] || [ "$at" -lt "$last" ]; then
		heartbeat && last=$at
	fi
	sleep "$CHECK_INTERVAL"
done
