package runbook_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
)

func TestLogsAreSentAndNotAnyMore(t *testing.T) {
	m := newHost(t, "rsyslog active enabled")
	m.write(t, "etc/rsyslog.conf", "module(load=\"imuxsock\")\n$WorkDirectory /var/spool/rsyslog\n$IncludeConfig x\n*.* -/var/log/syslog\n")
	m.folder(t, "etc/rsyslog.d", "run/systemd/journal")
	m.program(t, "rsyslogd", "[ \"$1\" = -N1 ] && ! grep -qs broken @@/etc/rsyslog.d/*.conf\n")
	m.program(t, "logger", "exit 0\n")
	m.program(t, "getent", "[ \"$2\" = log.example.org ] && echo '192.0.2.9 STREAM log.example.org'\n")
	m.write(t, "proc/net/tcp", "  sl  local_address rem_address   st\n   0: 0100007F:0202 090200C0:0202 01 0\n")
	r := repair{runbook: "linux.log.forward", check: check.LogForwarding, kept: []string{"etc", "units"}, parameters: map[string]string{"log_host": "log.example.org"}}
	r.through(t, m)

	for _, test := range []struct {
		name, says string
		hurt       func(m *machine)
		parameters map[string]string
	}{
		{"the policy names no host", "names no log_host", func(*machine) {}, nil},
		{"the host is no name", "neither a name", func(*machine) {}, map[string]string{"log_host": "-x"}},
		{"the host is this one by its name", "this host itself", func(*machine) {}, map[string]string{"log_host": "localhost"}},
		{"the host is this one", "this host itself", func(m *machine) {
			m.write(t, "proc/net/fib_trie", "     |-- 192.0.2.9\n        /32 host LOCAL\n")
		}, r.parameters},
		{"the port is none", "no port", func(*machine) {}, map[string]string{"log_host": "log.example.org", "log_port": "70000"}},
		{"and the host is another again", "refuses its configuration", func(m *machine) {
			m.remove(t, "proc/net/fib_trie")
			m.write(t, "etc/rsyslog.d/50-x.conf", "broken\n")
		}, r.parameters},
		{"rsyslog refuses it", "refuses its configuration", func(m *machine) { m.write(t, "etc/rsyslog.d/50-x.conf", "broken\n") }, r.parameters},
		{"rsyslog does not start", "does not restart", func(m *machine) {
			m.remove(t, "etc/rsyslog.d/50-x.conf")
			m.write(t, "units/rsyslog/broken", "")
		}, r.parameters},
		{"there is only the journal", "there is no rsyslog", func(m *machine) { m.remove(t, "bin/rsyslogd") }, r.parameters},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.hurt(m)
			r.parameters = test.parameters
			r.refused(t, m, test.says)
		})
	}
}

func TestWhereLogsGoIsReadFromEachOfTheirFiles(t *testing.T) {
	m := newHost(t, "rsyslog active enabled", "systemd-journal-upload active", "fluent-bit")
	m.folder(t, "etc/rsyslog.d", "etc/systemd/journal-upload.conf.d", "etc/conf.d")
	m.program(t, "getent", "[ \"$2\" != a.example.org ] || printf '192.0.2.9 STREAM a.example.org\\n192.0.2.9 DGRAM\\n'\n")
	m.write(t, "etc/rsyslog.conf", strings.Join([]string{
		"# *.* @@commented.example.org", "*.* @192.0.2.1", "auth.*\t@@(o)log.example.org:10514", "*.* @@[2001:db8::1]:514",
		`*.* action(type="omfwd" Target="a.example.org"`, `   port="6514" protocol="TCP" # why`, `   queue.type="linkedList")`,
		`*.* action(type="omrelp" target="b.example.org" port="2514")`, `*.* action(type="omfile" file="/var/log/x")`, `*.* action(type="omfwd" target="c.example.org")`,
		"mail.* /var/log/user@example.org", `template(name="cee" type="string" string="<%PRI%> @cee: %msg%")`, `$template x,"%msg% @notahost"`,
		"& @@192.0.2.5", "*.* @@127.0.0.1", "*.* @@192.0.2.1:601", "*.* @@[2001:db8::9]:6514", "*.* @@unresolvable.example:6514", "*.* @@localhost:601", `:msg, contains, "x" @@192.0.2.6:1514`, "if $severity < 4 then @@192.0.2.7",
	}, "\n"))
	m.write(t, "etc/systemd/journal-upload.conf", "[Upload]\n# URL=\nURL=https://up:S3/cr@t@j.example.org/x\n")
	m.write(t, "etc/conf.d/syslog", "SYSLOGD_OPTS=\"-t -R 192.0.2.8:514\"\n")
	m.write(t, "proc/net/tcp", "  sl  local_address rem_address   st\n   0: 0100007F:0202 090200C0:1972 01 0\n   1: 0100007F:0202 090200C0:09D2 06 0\n")
	m.write(t, "proc/net/tcp6", "  sl  local_address rem_address   st\n   0: 00000000000000000000000001000000:0202 B80D0120000000000000000009000000:1972 01 0\n")
	m.write(t, "proc/net/fib_trie", "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     |-- 192.0.2.1\n        /32 host LOCAL\n")
	o := m.run(t, "linux/facts/log_forwarding.sh", nil, nil)
	want := check.Facts{
		{Name: "logs", Value: "rsyslog"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=192.0.2.1;Port=514;Protocol=udp;Own=yes"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=log.example.org;Port=10514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=2001:db8::1;Port=514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=192.0.2.5;Port=514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=127.0.0.1;Port=514;Protocol=tcp;Own=yes;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=192.0.2.1;Port=601;Protocol=tcp;Own=yes;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=2001:db8::9;Port=6514;Protocol=tcp;Connected=yes"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=unresolvable.example;Port=6514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=localhost;Port=601;Protocol=tcp;Own=yes;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=192.0.2.6;Port=1514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=192.0.2.7;Port=514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=a.example.org;Port=6514;Protocol=tcp;Connected=yes"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=b.example.org;Port=2514;Protocol=tcp;Connected=no"},
		{Name: "forwarder", Value: "Product=rsyslog;Active=yes;Host=c.example.org;Port=514;Protocol=udp"},
		{Name: "forwarder", Value: "Product=systemd-journal-upload;Active=yes;Host=j.example.org;Port=19532;Protocol=tcp;Connected=no"},
		{Name: "logs", Value: "syslogd"},
		{Name: "forwarder", Value: "Product=syslogd;Active=no;Host=192.0.2.8;Port=514;Protocol=udp"},
		{Name: "logs", Value: "fluent-bit"},
		{Name: "forwarder", Value: "Product=fluent-bit;Active=no;Protocol=agent"},
	}
	if diff := cmp.Diff(want, o.Facts); diff != "" || !o.OK {
		t.Errorf("facts differ (-want +got), %q:\n%s", o.Error, diff)
	}
	newHost(t).unknown(t, check.LogForwarding, "could not be read")
}

func TestLogsThatGoToTheHostItselfGoNowhere(t *testing.T) {
	m := newHost(t, "rsyslog active enabled")
	m.write(t, "etc/rsyslog.conf", "*.* @@127.0.0.1:10514\n")
	m.write(t, "proc/net/tcp", "  sl  local_address rem_address   st\n   0: 0100007F:0202 0100007F:2912 01 0\n")
	if v := m.judge(t, check.LogForwarding, nil); v.Status != check.Fail || v.Actual != "to this host itself" {
		t.Errorf("Judge = %v %s", v.Status, v.Actual)
	}
}
