# Nobody wants failed units back; which had failed is kept.
osiris_systemd || fail 'this restarts units of systemd, which is not here'
osiris_units=$(systemctl list-units --failed --all --plain --no-legend --no-pager 2>/dev/null) || fail 'systemd cannot be asked'
state "$(printf '%s\n' "$osiris_units" | awk 'NF && ++count <= 200 { print $1 }')"
