package runbook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// fakeNft keeps a ruleset in a file, and takes what a file of ours holds for it.
const fakeNft = `case $* in
'list ruleset') [ ! -e @@/denied ] && cat @@/ruleset ;;
'-c -f '*) ! grep -q 99999 "$3" ;;
'-f '*) [ ! -e @@/nft-broken ] && sed 1,3d "$2" >@@/ruleset ;;
'delete table inet osiris_filter') : >@@/ruleset ;;
esac
`

const dropping = `table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
}
table ip6 filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
}
`

const headOfSockets = "  sl  local_address rem_address   st\n"

func newFirewall(t *testing.T, services ...string) *machine {
	t.Helper()
	m := newHost(t, append(services, "ssh active enabled")...)
	m.folder(t, "etc/default", "etc/ufw", "etc/systemd/system")
	m.program(t, "nft", fakeNft)
	m.write(t, "ruleset", "")
	m.write(t, "dropping", dropping)
	// As in /proc, whose files have no size: a file of it stands for the host's own.
	if err := os.Symlink("/proc/version", filepath.Join(m.root, "proc/net/if_inet6")); err != nil {
		t.Fatal(err)
	}
	m.write(t, "proc/net/tcp", headOfSockets+"   0: 00000000:0016 00000000:0000 0A 0\n   1: 0100007F:1538 00000000:0000 0A 0\n")
	m.program(t, "sshd", "echo port 22\n")
	m.program(t, "systemd-run", "echo \"$*\" >>@@/undo\n")
	// The probe: a room of its own, in which ssh-keyscan asks for the server's keys.
	m.program(t, "unshare", "exec cat @@/ruleset >/dev/null\n")
	m.program(t, "readlink", "echo \"$1\"\n")
	m.program(t, "ip", "exit 0\n")
	m.program(t, "nsenter", "shift 3; exec \"$@\"\n")
	m.program(t, "ssh-keyscan", "[ ! -e @@/no-probe ] && ! grep -qs closed @@/ruleset && echo '# 192.0.2.1:22 SSH-2.0-OpenSSH_9.2'\n")
	m.env = append(m.env, connection)
	return m
}

var enableFirewall = repair{runbook: "linux.firewall.enable", check: check.LinuxFirewall, kept: []string{"ruleset", "etc/ufw/added", "etc/systemd", "units/ssh"}}

func TestTheFirewallIsFoundOffEnabledAndPutBack(t *testing.T) {
	t.Run("by nftables alone", func(t *testing.T) {
		m := newFirewall(t, "osiris-firewall")
		// systemd would run the unit's file.
		m.program(t, "systemctl", strings.Replace(fakeServices, "case $verb in\nstart", "case $*/$name in\nrestart*osiris-firewall) @@/bin/nft -f @@/etc/osiris/firewall.nft || exit 1 ;;\nesac\ncase $verb in\nstart", 1))
		m.folder(t, "etc/osiris")
		enableFirewall.through(t, m)
	})
	t.Run("by ufw", func(t *testing.T) {
		m := newFirewall(t)
		withUfw(t, m)
		enableFirewall.through(t, m)
		if got := m.read(t, "etc/ufw/ufw.conf") + m.read(t, "etc/default/ufw"); got != "# comment\nENABLED=no\nDEFAULT_INPUT_POLICY=\"ACCEPT\"\n" {
			t.Errorf("after rollback ufw has %q", got)
		}
	})
	t.Run("by firewalld", func(t *testing.T) {
		m := newFirewall(t, "firewalld")
		m.write(t, "etc/ports", "443/tcp\n")
		m.program(t, "firewall-cmd", "exit 0\n")
		m.program(t, "firewall-offline-cmd", `case $1 in
--list-ports) cat @@/etc/ports ;;
--add-port) grep -q -w "$2" @@/etc/ports || echo "$(cat @@/etc/ports) $2" >@@/etc/ports ;;
--remove-port) sed "s#  *$2##" @@/etc/ports >@@/ports.new; cat @@/ports.new >@@/etc/ports ;;
esac
`)
		m.program(t, "systemctl", strings.NewReplacer(
			": >\"$folder/active\"", ": >\"$folder/active\" && cat @@/firewalld >@@/ruleset", "rm -f \"$folder/active\"", "rm -f \"$folder/active\"; : >@@/ruleset").Replace(fakeServices))
		m.write(t, "firewalld", "table inet firewalld {\n\tchain filter_INPUT {\n\t\ttype filter hook input priority filter + 10; policy accept;\n\t\tct state { established, related } accept\n\t\treject with icmpx admin-prohibited\n\t}\n}\n")
		r := enableFirewall
		r.kept = []string{"ruleset", "etc/ports", "units"}
		r.through(t, m)
	})
}

// The card's other end asks the address that we came to, in its own family.
func TestASecondConnectionIsTriedInTheFamilyOfTheFirst(t *testing.T) {
	for family, own := range map[string]string{"-4": "192.0.2.1", "-6": "2001:db8::1"} {
		m := newFirewall(t)
		withUfw(t, m)
		m.env[len(m.env)-1] = "SSH_CONNECTION=x 40000 " + own + " 22"
		m.program(t, "ip", "echo \"$*\" >>@@/asked\n")
		m.program(t, "ssh-keyscan", "echo \"$*\" >>@@/asked; echo '# x:22 SSH-2.0-OpenSSH_9.2'\n")
		o := m.phase(t, "linux.firewall.enable", "remediate", map[string]string{"allow_tcp": "443"}, nil)
		asked := m.read(t, "asked")
		if !o.OK || strings.Count(asked, family+" addr add ") != 4 || strings.Count(asked, family+" route add default via ") != 2 ||
			strings.Count(asked, "-p 22 "+own+"\n") != 2 || strings.Count(asked, "link del osirisfw0\n") != 2 {
			t.Errorf("%s: %+v, and asked were\n%s", own, o, asked)
		}
	}
}

func TestTheFirewallLeavesOpenWhatItShould(t *testing.T) {
	m := newFirewall(t)
	withUfw(t, m)
	m.program(t, "sshd", "printf 'port 22\\nport 2222\\n'\n")
	m.env[len(m.env)-1] = "SSH_CONNECTION=192.0.2.7 40000 192.0.2.1 4022" // redirected, so that sshd does not know it
	m.write(t, "proc/net/tcp", headOfSockets+"   0: 00000000:01BB 00000000:0000 0A 0\n")
	m.write(t, "proc/net/udp", headOfSockets+"   0: 00000000:0044 00000000:0000 07 0\n   1: 00000000:8235 00000000:0000 07 0\n   2: 00000000:00A1 00000000:0000 07 0\n")
	o := m.phase(t, "linux.firewall.enable", "remediate", map[string]string{"allow_tcp": "443", "allow_udp": "161"}, nil)
	if !o.OK || !o.Changed {
		t.Fatalf("remediate: %+v", o)
	}
	if got := m.read(t, "etc/ufw/added"); got != "ufw allow 443/tcp\nufw allow 4022/tcp\nufw allow 22/tcp\nufw allow 2222/tcp\nufw allow 161/udp\n" {
		t.Errorf("ufw allows %q", got)
	}
	if got := m.read(t, "undo"); !strings.Contains(got, "/run/osiris-firewall.sh") || m.read(t, "run/osiris-firewall.armed") != "absent" {
		t.Errorf("the way back was %q, and is armed: %q", got, m.read(t, "run/osiris-firewall.armed"))
	}
	// It would have been off again, and by itself.
	undo := m.read(t, "run/osiris-firewall.sh")
	for _, line := range []string{"sleep 90\n", ".armed 2>/dev/null)\" = '", "|| exit 0\n", "ufw --force disable"} {
		if !strings.Contains(undo, line) {
			t.Errorf("the way back has no %q:\n%s", line, undo)
		}
	}
}

func TestTheFirewallIsLeftAloneWhereSomethingWouldBeCutOff(t *testing.T) {
	for _, test := range []struct {
		name, says string
		hurt       func(m *machine)
	}{
		{"our port is not known", "cannot be told", func(m *machine) { m.env = nil }},
		{"docker runs", "docker writes rules", func(m *machine) { m.folder(t, "units/docker"); m.write(t, "units/docker/active", "") }},
		{"containers have rules", "have rules of their own", func(m *machine) { m.write(t, "ruleset", "table ip nat {\n\tchain DOCKER {\n\t}\n}\n") }},
		{"a service would be cut off", "443/tcp", func(m *machine) {
			m.write(t, "proc/net/tcp6", headOfSockets+"   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0\n")
		}},
		{"a service of UDP would be cut off", "53/udp", func(m *machine) { m.write(t, "proc/net/udp", headOfSockets+"   0: 00000000:0035 00000000:0000 07 0\n") }},
		{"a second connection cannot be tried", "a second connection cannot be made", func(m *machine) { m.write(t, "no-probe", "") }},
		{"there is no room of its own", "a second connection cannot be made", func(m *machine) { m.program(t, "readlink", "echo same\n") }},
		{"the tools are missing", "there is no ssh-keyscan", func(m *machine) { m.remove(t, "bin/ssh-keyscan") }},
		{"the rules cannot be read", "cannot be read", func(m *machine) { m.write(t, "denied", "") }},
		{"ufw would refuse somebody", "refuse some", func(m *machine) { m.write(t, "etc/ufw/added", "ufw allow 443/tcp\nufw deny from 192.0.2.7\n") }},
		{"ufw does not start", "cannot be enabled", func(m *machine) { m.write(t, "ufw-broken", "") }},
		{"SSH does not stay open", "does not stay open", func(m *machine) { m.write(t, "dropping", dropping+"# closed\n") }},
		{"input stays open", "still accepted", func(m *machine) { m.write(t, "dropping", strings.Replace(dropping, "policy drop", "policy accept", 1)) }},
		{"WireGuard would be cut off", "51820/udp", func(m *machine) { m.write(t, "proc/net/udp", headOfSockets+"   0: 00000000:CA6C 00000000:0000 07 0\n") }},
		{"a service above the kernel's own ports", "61000/udp", func(m *machine) { m.write(t, "proc/net/udp", headOfSockets+"   0: 00000000:EE48 00000000:0000 07 0\n") }},
		{"a cluster's address would be taken twice", "protocol 112, which", func(m *machine) {
			m.write(t, "proc/net/raw", headOfSockets+" 112: 00000000:0070 00000000:0000 07 0\n   1: 00000000:0001 00000000:0000 07 0\n")
		}},
		{"IPsec would end", "IPsec, which", func(m *machine) { m.program(t, "ip", "[ \"$1 $2\" != 'xfrm state' ] || echo 'src 192.0.2.1'\n") }},
		{"a tunnel would end", "a tunnel of gre, which", func(m *machine) {
			m.program(t, "ip", "[ \"$5\" != gre ] || printf '3: gre0@NONE: <NOARP>\n4: gre1@NONE: <UP>\n'\n")
		}},
		{"an address ends as that of the host itself begins", "443/tcp", func(m *machine) { m.write(t, "proc/net/tcp", headOfSockets+"   0: 7F00000A:01BB 00000000:0000 0A 0\n") }},
		{"there is no way back", "way back", func(m *machine) { m.program(t, "systemd-run", "exit 1\n") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newFirewall(t)
			withUfw(t, m)
			test.hurt(m)
			r := enableFirewall
			r.kept = []string{"etc/ufw/added", "ruleset"}
			r.refused(t, m, test.says)
			if _, err := os.Stat(filepath.Join(m.root, "run/osiris-firewall.armed")); err == nil {
				t.Error("the way back is still armed")
			}
		})
	}
	offline := func(m *machine) {
		m.program(t, "firewall-cmd", "exit 0\n")
		m.program(t, "firewall-offline-cmd", "exit 0\n")
		m.folder(t, "units/firewalld")
	}
	for name, hurt := range map[string]func(m *machine){
		"no manager at all": func(m *machine) { m.remove(t, "bin/nft"); m.program(t, "iptables", "echo '-P INPUT ACCEPT'\n") },
		"rules of an own design": func(m *machine) {
			m.write(t, "ruleset", "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t\ttcp dport 25 drop\n\t}\n}\n")
		},
		"a connection names a zone": func(m *machine) {
			offline(m)
			m.folder(t, "etc/NetworkManager/system-connections")
			m.write(t, "etc/NetworkManager/system-connections/a.nmconnection", "[connection]\nid=a\nzone=work\n")
		},
		"a policy of firewalld": func(m *machine) {
			offline(m)
			m.folder(t, "etc/firewalld/policies")
			m.write(t, "etc/firewalld/policies/a.xml", "<policy/>\n")
		},
		"a card is in another zone": func(m *machine) {
			offline(m)
			m.program(t, "firewall-cmd", "case $1 in\n--get-default-zone) echo public ;;\n--get-active-zones) printf 'public (default)\\n  interfaces: osirisfw0\\nwork\\n  interfaces: eth0\\n' ;;\nesac\n")
		},
		"no systemd": func(m *machine) { m.remove(t, "run/systemd/system") },
		"firewalld runs": func(m *machine) {
			m.program(t, "firewall-cmd", "exit 0\n")
			m.folder(t, "units/firewalld")
			m.write(t, "units/firewalld/active", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newFirewall(t)
			hurt(m)
			enableFirewall.refused(t, m, map[string]string{
				"no manager at all": "neither ufw nor", "rules of an own design": "no manager here", "no systemd": "without systemd", "a zone of firewalld": "bound to sources",
				"a connection names a zone": "names a zone", "a policy of firewalld": "policies of its own", "a card is in another zone": "in another zone", "firewalld runs": "accepts everything",
			}[name])
		})
	}
}

func TestWhatTheKernelDropsIsReadFromEachKindOfRules(t *testing.T) {
	const chain = "table %F filter {\n\tset x {\n\t\ttype ipv4_addr\n\t}\n\tchain input {\n\t\ttype filter hook input priority filter; policy %P;\n%R\t}\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t\tdrop\n\t}\n}\n"
	rules := func(family, policy, rule string) string {
		return strings.NewReplacer("%F", family, "%P", policy, "%R", rule).Replace(chain)
	}
	zones := func(name string) string {
		return "table inet firewalld {\n\tchain filter_INPUT {\n\t\ttype filter hook input priority filter + 10; policy accept;\n\t\tct state { established, related } accept\n" +
			"\t\tiifname \"lo\" accept\n\t\tjump filter_INPUT_ZONES\n\t\tct state invalid drop\n\t\treject with icmpx admin-prohibited\n\t}\n" +
			"\tchain filter_INPUT_ZONES {\n\t\tgoto filter_IN_" + name + "\n\t}\n" +
			"\tchain filter_IN_public {\n\t\tjump filter_IN_public_allow\n\t\tmeta l4proto { icmp, ipv6-icmp } accept\n\t}\n" +
			"\tchain filter_IN_public_allow {\n\t\ttcp dport 22 accept\n\t}\n\tchain filter_IN_trusted {\n\t\taccept\n\t}\n}\n"
	}
	for _, test := range []struct {
		name, ruleset, old, old6 string
		want                     check.Status
	}{
		{"a policy", rules("inet", "drop", ""), "", "", check.Pass},
		{"a last rule", rules("inet", "accept", "\t\ttcp dport 22 accept\n\t\tcounter packets 5 bytes 10 drop\n"), "", "", check.Pass},
		{"a last rule that is for one", rules("inet", "accept", "\t\tip saddr 192.0.2.1 drop\n"), "", "", check.Fail},
		{"a drop before the last rule", rules("inet", "accept", "\t\tdrop\n\t\taccept\n"), "", "", check.Pass},
		{"a policy behind a rule that accepts all", rules("inet", "drop", "\t\ttcp dport 22 accept\n\t\tcounter packets 1 bytes 2 accept\n"), "", "", check.Fail},
		{"a last rule that logs first", rules("inet", "accept", "\t\tcounter log prefix \"a b\" level info drop comment \"x\"\n"), "", "", check.Pass},
		{"a table that sleeps", strings.Replace(rules("inet", "drop", ""), "filter {\n", "filter {\n\tflags dormant\n", 1), "", "", check.Fail},
		{"a zone that accepts all", zones("trusted"), "", "", check.Fail},
		{"a zone that accepts some", zones("public"), "", "", check.Pass},
		{"a card in a zone that accepts all", zones("public\n\t\tiifname \"eth0\" goto filter_IN_trusted"), "", "", check.Pass},
		{"a card that the world comes through in a zone that accepts all", "route " + strings.Replace(zones("public"), "goto", "iifname \"eth0\" goto filter_IN_trusted\n\t\tgoto", 1), "", "", check.Fail},
		{"a default zone that accepts all, which no card is in", "route " + strings.Replace(zones("trusted"), "goto", "iifname \"eth0\" goto filter_IN_public\n\t\tgoto", 1), "", "", check.Pass},
		{"the old iptables accepts all", "", "-P INPUT DROP\n-A INPUT -j ACCEPT", "-P INPUT DROP", check.Fail},
		{"the old iptables goes to a chain that drops", "", "-P INPUT ACCEPT\n-N DENY\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j DENY\n-A DENY -j DROP", "-P INPUT DROP", check.Pass},
		{"IPv4 alone", rules("ip", "drop", ""), "", "", check.Fail},
		{"each for itself", rules("ip", "drop", "") + rules("ip6", "drop", ""), "", "", check.Pass},
		{"a bridge's", rules("bridge", "drop", ""), "", "", check.Fail},
		{"nothing", "", "", "", check.Fail},
		{"the old iptables", "", "-P INPUT DROP", "-P INPUT DROP", check.Pass},
		{"the old iptables for IPv4", "", "-P INPUT DROP", "-P INPUT ACCEPT", check.Fail},
		{"a last rule of the old iptables", "", "-P INPUT ACCEPT\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-port-unreachable", "-P INPUT DROP", check.Pass},
		{"both kinds", rules("ip", "drop", ""), "", "-P INPUT DROP", check.Pass},
	} {
		m := newFirewall(t)
		ruleset, routed := strings.CutPrefix(test.ruleset, "route ")
		if m.write(t, "ruleset", ruleset); routed {
			m.write(t, "proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n"+
				"wg0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n")
		}
		for name, text := range map[string]string{"iptables": test.old, "ip6tables": test.old6} {
			m.program(t, name+"-legacy", "[ \"$*\" = -S ] && cat <<'X'\n"+text+"\nX\n")
		}
		if v := m.judge(t, check.LinuxFirewall, nil); v.Status != test.want {
			t.Errorf("%s: %v %s; want %v", test.name, v.Status, v.Reason, test.want)
		}
		if test.name == "IPv4 alone" {
			m.remove(t, "proc/net/if_inet6")
			m.write(t, "proc/net/if_inet6", "")
			if v := m.judge(t, check.LinuxFirewall, nil); v.Status != check.Pass {
				t.Errorf("on a host without IPv6: %v %s", v.Status, v.Reason)
			}
		}
	}
	m := newFirewall(t)
	m.write(t, "denied", "")
	m.unknown(t, check.LinuxFirewall, "cannot be read")
	// In a container without rights each tool is there, and may not look.
	m.program(t, "iptables", "exit 4\n")
	m.program(t, "ip6tables", "exit 4\n")
	m.unknown(t, check.LinuxFirewall, "cannot be read")
	withUfw(t, m)
	if v := m.judge(t, check.LinuxFirewall, nil); v.Status != check.Fail || v.Actual != "ufw disabled" {
		t.Errorf("without rights, but with the file of ufw: %v %s", v.Status, v.Actual)
	}
	newHost(t).unknown(t, check.LinuxFirewall, "cannot be read")

	m = newFirewall(t)
	m.write(t, "ruleset", rules("inet", "drop", ""))
	m.write(t, "run/osiris-firewall.armed", "1.2\n")
	m.unknown(t, check.LinuxFirewall, "is being tried")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(m.root, "run/osiris-firewall.armed"), old, old); err != nil {
		t.Fatal(err)
	}
	if v := m.judge(t, check.LinuxFirewall, nil); v.Status != check.Pass {
		t.Errorf("after a run that was killed: %v %s", v.Status, v.Reason)
	}
}
