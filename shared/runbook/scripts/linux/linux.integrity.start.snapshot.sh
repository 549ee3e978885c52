# State and start of every unit that remediate may start.
command -v systemctl >/dev/null || fail 'this starts units of systemd, which is not here'
osiris_lines=$(for osiris_unit in clamav-daemon.service clamav-freshclam.service clamd@scan.service clamd.service falcon-sensor.service mdatp.service sentinelone.service \
  sentinelagent.service cbagentd.service cbdaemon.service wazuh-agent.service sophos-spl.service ds_agent.service eea.service eraagent.service \
  xagt.service cylancesvc.service cyserver.service traps_pmd.service elastic-endpoint.service ElasticEndpoint.service bdsec.service \
  kesl.service avast.service savd.service samhain.service ossec.service dailyaidecheck.timer aidecheck.timer aide.timer aide-check.timer; do
  osiris_show=$(systemctl show -p LoadState -p ActiveState -p UnitFileState "$osiris_unit") || exit 1
  printf '%s\n' "$osiris_show" | awk -F= -v unit="$osiris_unit" '{ has[$1] = $2 } END { if (has["LoadState"] == "loaded") print unit, has["ActiveState"], has["UnitFileState"] }'
done) || fail 'systemd cannot be asked'
[ -n "$osiris_lines" ] || fail 'nothing that could be started is installed'
state "$osiris_lines"
