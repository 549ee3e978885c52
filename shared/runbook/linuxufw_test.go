package runbook_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeUfw is as much of ufw as is asked: rules, a policy, on and off.
const fakeUfw = `case $1 in
show) printf 'Added user rules (see ufw status):\n'; cat @@/etc/ufw/added ;;
status) if grep -q ENABLED=yes @@/etc/ufw/ufw.conf && [ -s @@/ruleset ]; then echo 'Status: active'; else echo 'Status: inactive'; fi ;;
allow)
  # As ufw does: a rule for the same port takes the place of the one before.
  grep -v -E "^ufw (allow|limit) $2( comment .*)?\$" @@/etc/ufw/added >@@/added.new
  cat @@/added.new >@@/etc/ufw/added
  echo "ufw allow $2" >>@@/etc/ufw/added ;;
delete) grep -v -x "ufw allow $3" @@/etc/ufw/added >@@/added.new; cat @@/added.new >@@/etc/ufw/added ;;
default) echo "DEFAULT_INPUT_POLICY=\"$(echo "$2" | sed -e s/deny/DROP/ -e s/allow/ACCEPT/)\"" >@@/etc/default/ufw ;;
--force)
  [ ! -e @@/ufw-broken ] || exit 1
  case $2 in
  enable) grep -q -E '^ufw (allow|limit) 22/tcp' @@/etc/ufw/added || exit 1; sed s/ENABLED=no/ENABLED=yes/ @@/etc/ufw/ufw.conf >@@/conf.new; cat @@/conf.new >@@/etc/ufw/ufw.conf; cat @@/dropping >@@/ruleset ;;
  disable) sed s/ENABLED=yes/ENABLED=no/ @@/etc/ufw/ufw.conf >@@/conf.new; cat @@/conf.new >@@/etc/ufw/ufw.conf; : >@@/ruleset ;;
  esac ;;
esac
`

func withUfw(t *testing.T, m *machine) {
	m.program(t, "ufw", fakeUfw)
	m.write(t, "etc/ufw/ufw.conf", "# comment\nENABLED=no\n")
	m.write(t, "etc/ufw/added", "ufw allow 443/tcp\n")
	m.write(t, "etc/default/ufw", "IPV6=yes\nDEFAULT_INPUT_POLICY=\"ACCEPT\"\n")
}

// What the admin wrote for a port stays his: with its comment, with its limit, and
// after rollback too.
func TestRulesOfUfwThatWereThereStayAsTheyWere(t *testing.T) {
	const mine = "ufw allow 2222/tcp comment 'admin'\nufw limit 22/tcp\nufw allow 443\nufw allow log 53/udp\n"
	m := newFirewall(t)
	withUfw(t, m)
	m.write(t, "etc/ufw/added", mine)
	m.program(t, "sshd", "printf 'port 22\\nport 2222\\n'\n")
	parameters := map[string]string{"allow_tcp": "443,80", "allow_udp": "53"}
	snapshot := m.phase(t, "linux.firewall.enable", "snapshot", parameters, nil)
	if o := m.phase(t, "linux.firewall.enable", "remediate", parameters, nil); !o.OK || m.read(t, "etc/ufw/added") != mine+"ufw allow 80/tcp\n" {
		t.Fatalf("remediate: %+v, and ufw has\n%s", o, m.read(t, "etc/ufw/added"))
	}
	if o := m.phase(t, "linux.firewall.enable", "rollback", parameters, snapshot.State); !o.OK || m.read(t, "etc/ufw/added") != mine {
		t.Errorf("rollback: %+v, and ufw has\n%s", o, m.read(t, "etc/ufw/added"))
	}
}

// A host whose ufw is enabled in its file, and does not run.
func TestAFirewallThatDidNotRunDoesNotRunAfterwards(t *testing.T) {
	for name, test := range map[string]struct {
		hurt func(m *machine)
		want string
	}{
		"SSH does not stay open": {func(m *machine) { m.write(t, "dropping", dropping+"# closed\n") }, "does not stay open"},
		"and it cannot be switched off": {func(m *machine) {
			m.write(t, "dropping", dropping+"# closed\n")
			m.program(t, "ufw", strings.Replace(fakeUfw, "disable)", "disable) exit 1;;\n  x)", 1))
		}, "switched off within 90 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newFirewall(t)
			withUfw(t, m)
			m.write(t, "etc/ufw/ufw.conf", "# comment\nENABLED=yes\n")
			test.hurt(m)
			o := m.phase(t, "linux.firewall.enable", "remediate", nil, nil)
			if o.OK || !strings.Contains(o.Error, test.want) {
				t.Fatalf("remediate: %+v; want it to say %q", o, test.want)
			}
			armed := m.read(t, "run/osiris-firewall.armed") != "absent"
			if open := m.read(t, "ruleset") == ""; open == armed {
				t.Errorf("input is open: %v, and the way back is armed: %v", open, armed)
			}
			if got := m.read(t, "etc/ufw/ufw.conf"); got != "# comment\nENABLED=yes\n" && !armed {
				t.Errorf("ufw has %q", got)
			}
		})
	}
}

// The way back runs as it is written: it does its work only for the run that armed it.
func TestTheWayBackOfTheFirewallKnowsItsRun(t *testing.T) {
	for name, test := range map[string]struct{ token, want string }{
		"its own run has not ended": {"", "ENABLED=no\n"}, "another run tries now": {"another\n", "ENABLED=yes\n"}, "the run has ended": {"-", "ENABLED=yes\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newFirewall(t)
			withUfw(t, m)
			// The run is killed while it looks whether SSH stays open.
			m.program(t, "ssh-keyscan", "! grep -q drop @@/ruleset || exec cat @@/run/osiris-firewall.armed >@@/token; echo '# 192.0.2.1:22 SSH-2.0-OpenSSH_9.2'\n")
			if o := m.phase(t, "linux.firewall.enable", "remediate", map[string]string{"allow_tcp": "443"}, nil); o.OK {
				t.Fatalf("remediate: %+v", o)
			}
			token := m.read(t, "token")
			m.write(t, "etc/ufw/ufw.conf", "ENABLED=yes\n")
			switch test.token {
			case "":
				m.write(t, "run/osiris-firewall.armed", token)
			case "-":
			default:
				m.write(t, "run/osiris-firewall.armed", test.token)
			}
			cmd := exec.CommandContext(t.Context(), "sh", filepath.Join(m.root, "run/osiris-firewall.sh"))
			cmd.Env = []string{"PATH=" + m.root + "/bin"}
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("the way back: %v: %s", err, out)
			}
			if got := m.read(t, "etc/ufw/ufw.conf"); got != test.want {
				t.Errorf("ufw has %q; want %q", got, test.want)
			}
		})
	}
}
