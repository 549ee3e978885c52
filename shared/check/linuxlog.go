//go:build !osiris_agent

package check

// Facts of log_forwarding.
const (
	// FactLogs names what keeps logs here: rsyslog, syslog-ng, journal.
	FactLogs = "logs"
	// FactForwarder is a row for each way to another host: Product, Host, Port,
	// Protocol (tcp, udp, or agent for a product whose targets are not read), Active,
	// Own where it is this host itself and, for tcp, Connected.
	FactForwarder = "forwarder"
)

var forwardingParameters = []Parameter{{"log_host", "any"}, {"log_port", "514"}, {"allow_udp", "no"}, {"trust_agent", "no"}}

const forwardingRulings = `logs arrive at another host
-logs|unknown||What keeps logs could not be read.
for forwarder
Active!yes|+idle|{Product}
Active!yes|next
Own=yes|+itself|{Host}
Own=yes|next
Protocol=agent|+agent|{Product}
Protocol=agent|next
$log_host!any&Host!{$log_host}|+elsewhere|{Host}
$log_host!any&Host!{$log_host}|next
Protocol=udp|+udp|{Host}
Protocol=udp|next
Connected=yes|+connected|{Host}
Connected!yes|+cut|{Host}
end
connected|pass|to {connected}|Logs go to {connected} over a connection that stands.
udp&$allow_udp=yes|pass|to {udp} by UDP|Logs are sent to {udp}.
agent&$trust_agent=yes|pass|by {agent}|Logs are sent by {agent}.
cut|high|no connection to {cut}|Logs are to go to {cut}, and there is no connection.
udp|medium|to {udp} by UDP|Logs are sent to {udp} by UDP, so that nobody knows what arrives.
elsewhere|high|to {elsewhere}|Logs go to {elsewhere}, and not to {$log_host}.
agent|unknown||{agent} runs; where it sends logs is not read here.
itself|high|to this host itself|Logs go to {itself}, which is this host, and no further as far as is read here.
idle|high|{idle} does not run|{idle} is set up to send logs, and does not run.
|high|nowhere|Logs stay on this host, where whoever breaks in can erase them.`
