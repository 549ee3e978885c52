//go:build integration

// Package directory_test follows a practice's domain through the whole product: a
// real Samba domain controller, Central, an appliance and osirisctl, and one
// computer of the domain that answers over WinRM. All of it is in namespaces that
// end with the test, and needs root and Debian's samba.
package directory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/osiriscare/osiris/e2e/binary"
	"github.com/osiriscare/osiris/e2e/lab/domain"
	"github.com/osiriscare/osiris/e2e/stack"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/model"
)

// TestMain runs the test in namespaces, where the controller has its ports.
func TestMain(m *testing.M) { os.Exit(domain.Main(m.Run)) }

const (
	patience = 3 * time.Minute
	computer = "ws0003." + domain.Name
)

// practice is the product with its domain.
type practice struct {
	*stack.Stack
	t        *testing.T
	dc       *domain.DC
	dir      string
	programs map[string]string
}

func (p *practice) until(what string, ask func(ctx context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := stack.Until(ctx, ask); err != nil {
		p.t.Fatalf("waiting until %s: %v", what, err)
	}
}

// operator runs osirisctl, which has to work.
func (p *practice) operator(stdin string, args ...string) string {
	p.t.Helper()
	out, err := p.Operator(p.t.Context(), stdin, args...)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// says waits until osirisctl's answer has all of this.
func (p *practice) says(args []string, words ...string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%v says %q", args, words), func(ctx context.Context) error {
		out, err := p.Operator(ctx, "", args...)
		if err != nil {
			return err
		}
		for _, w := range words {
			if !strings.Contains(out, w) {
				return fmt.Errorf("there is no %q in:\n%.2000s", w, out)
			}
		}
		return nil
	})
}

// shows looks for words in the whole list.
func (p *practice) shows(words ...string) {
	p.t.Helper()
	out := p.operator("", "directory", "list", "--all")
	for _, w := range words {
		if !strings.Contains(out, w) {
			p.t.Errorf("directory list does not show %q:\n%.2000s", w, out)
		}
	}
}

func start(t *testing.T) *practice {
	t.Helper()
	if !domain.Inside() {
		t.Skip("a domain controller needs root, for its ports and namespaces")
	}
	p := &practice{t: t, dir: t.TempDir(), programs: map[string]string{}}
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"osiris-central", "osiris-appliance", "osiris-agent", "osirisctl"} {
		if p.programs[name], err = binary.Build(t.Context(), filepath.Dir(strings.TrimSpace(string(out))), name); err != nil {
			t.Fatal(err)
		}
	}
	if p.dc, err = domain.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := domain.UseDNS(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Stack, err = stack.New(t.Context(), stack.Config{
		Dir: p.dir, Binaries: p.programs, CheckInterval: time.Second, Each: func(stack.Line) {},
		Scan: stack.Scan{Interval: 10 * time.Second, Deadline: 20 * time.Second, CAs: string(p.dc.CA.PEM())},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(stack.Tail(filepath.Join(p.dir, "logs"), "appliance", 40))
		}
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	})
	for _, step := range []func(context.Context) error{
		p.StartCentral,
		func(ctx context.Context) error {
			return p.SetUp(ctx, stack.Site{Client: "North Valley", Name: "Main Street", Tier: trustv1.Tier_TIER_MONITOR_ONLY})
		},
		p.StartAppliance,
	} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// answer lets one computer of the domain answer over WinRM where its name leads.
func (p *practice) answer() {
	p.t.Helper()
	hosts := filepath.Join(p.dir, "hosts")
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost\n"+domain.Address+" "+computer+"\n"), 0o644); err != nil {
		p.t.Fatal(err)
	}
	if out, err := exec.Command("mount", "--bind", hosts, "/etc/hosts").CombinedOutput(); err != nil {
		p.t.Fatalf("changing the hosts of the namespace: %v: %s", err, out)
	}
	books, err := runbook.Load()
	if err != nil {
		p.t.Fatal(err)
	}
	host, err := model.New(model.Config{Name: "WS0003", Role: runbook.RoleWorkstation, Domain: true, Catalogue: books})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := host.Set("firewall.profiles.public.enabled", false); err != nil {
		p.t.Fatal(err)
	}
	b, err := p.dc.Keys(p.t.Context(), "CN=WS0003,OU=Devices,"+domain.Base, "WS0003", computer)
	if err != nil {
		p.t.Fatal(err)
	}
	keys := keytab.New()
	if err := keys.Unmarshal(b); err != nil {
		p.t.Fatal(err)
	}
	// It would take NTLM too, which it must not be shown.
	m, err := machine.New(machine.Config{
		Name: "WS0003", Domain: "NORTHVALLEY", DNSDomain: domain.Name, Host: host, Address: domain.Address, HTTPPort: machine.NoListener, HTTPSPort: 5986,
		CA: p.dc.CA, Keytab: keys, Accounts: []machine.Account{{User: "osiris", Password: domain.Password}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(m.Close)
}

// enrol lets a machine of this name in with a roll-out token and gives its agent.
func (p *practice) enrol(name string) {
	p.t.Helper()
	dir := filepath.Join(p.dir, "machine-"+name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		p.t.Fatal(err)
	}
	token, config := filepath.Join(dir, "token"), filepath.Join(dir, "agent.conf")
	for _, command := range [][]string{
		{p.programs["osiris-appliance"], "token", "new", "--kind", "rollout", "--config", filepath.Join(p.dir, "appliance.yaml"), "--out", token},
		{"unshare", "-u", "sh", "-c", `hostname "$1" && shift && exec "$@"`, "sh", name, p.programs["osiris-agent"], "enrol", "--config", config},
	} {
		if err := os.WriteFile(config, []byte("data_dir = "+filepath.Join(dir, "data")+"\ntoken_file = "+token+"\nlog_format = json\n"), 0o600); err != nil {
			p.t.Fatal(err)
		}
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			p.t.Fatalf("enrolling %s: %v: %s", name, err, out)
		}
	}
}

// agents are the ids by host name.
func (p *practice) agent(name string) (id string) {
	p.t.Helper()
	p.until("Central knows the agent of "+name, func(ctx context.Context) error {
		all, err := p.Fleet.ListAgents(ctx, connect.NewRequest(&centralv1.ListAgentsRequest{SiteId: p.SiteID}))
		if err != nil {
			return err
		}
		for _, a := range all.Msg.GetAgents() {
			if a.GetHostname() == name {
				id = a.GetAgentId()
				return nil
			}
		}
		return errors.New("it does not")
	})
	return id
}

// proved waits for evidence that says this.
func (p *practice) proved(words string) {
	p.t.Helper()
	p.until("there is evidence that says "+words, func(ctx context.Context) error {
		all, err := p.Fleet.ListEvidence(ctx, connect.NewRequest(&centralv1.ListEvidenceRequest{SiteId: p.SiteID, PageSize: 1000}))
		if err != nil {
			return err
		}
		for _, e := range all.Msg.GetEvidence() {
			if strings.Contains(e.GetSummary(), words) {
				return nil
			}
		}
		return errors.New("there is none")
	})
}

func TestADomainIsListedScannedAndAskedAboutAgents(t *testing.T) {
	p := start(t)
	// Of thousands of rows no more are asked for again and again than it takes.
	list := []string{"directory", "list", "--limit", "1"}
	p.until("the appliance's sealing key is known", func(ctx context.Context) error {
		_, err := p.Operator(ctx, "not-the-password\n", "credential", "add", "ldap", "--kind", "ldap-bind", "--user", domain.User, "--for", domain.Name)
		return err
	})
	p.operator("", "target", "add", "northvalley", "--kind", "domain", "--host", domain.Name, "--credential", "ldap")
	p.says(list, "FAILS since", "wrong account name or password", "not tried again until the credential is rotated")
	p.operator(domain.Password+"\n", "credential", "rotate", "ldap", "--kind", "ldap-bind", "--user", domain.User, "--for", domain.Name)
	p.says(list, "listed ", "by "+domain.Controller)
	p.shows("WS0003", "Größe-Ω", "stale", "Windows Server 2022 Standard", "nobody")
	p.proved(fmt.Sprintf("has %d computers that are looked after, %d of them stale; %[1]d are new", domain.Listed, domain.Count/50))
	if n := len(p.unwatched(t.Context())); n != domain.Listed-domain.Count/50 {
		t.Errorf("nobody watches %d computers; want %d", n, domain.Listed-domain.Count/50)
	}

	p.enrol("ws0005")
	p.enrol("stranger")
	p.says([]string{"agent", "list"}, "matched by name", "no match")
	stranger := p.agent("stranger")
	out, err := p.Operator(t.Context(), "", "agent", "approve", stranger, "--reason", "ticket 4711")
	if err == nil || !strings.Contains(out, "no such computer") {
		t.Errorf("approving a stranger = %v: %s; want that the domain does not confirm it", err, out)
	}
	p.operator("", "agent", "approve", stranger, "--reason", "a notebook", "--without-directory")
	p.proved("was approved without the directory (it says: no_match)")
	p.operator("", "agent", "approve", p.agent("ws0005"), "--reason", "ticket 4712")
	p.proved("was approved (the directory: named)")
	p.until("its computer is watched by it", func(ctx context.Context) error {
		for _, name := range p.unwatched(ctx) {
			if name == "WS0005" {
				return errors.New("nobody watches it")
			}
		}
		return nil
	})

	p.answer()
	scan := []string{"scan", "--kind", "windows-password", "--user", domain.User, "--for", "*." + domain.Name}
	p.operator(domain.Password+"\n", append([]string{"credential", "add"}, scan...)...)
	p.operator("", "target", "add", "northvalley", "--kind", "domain", "--host", domain.Name, "--credential", "ldap",
		"--include-ou", "OU=Devices,"+domain.Base, "--scan-with", "scan", "--replace")
	p.until("the computer is shown no NTLM", func(context.Context) error {
		if !strings.Contains(stack.Tail(filepath.Join(p.dir, "logs"), "appliance", 200), "signed in to with Kerberos only") {
			return errors.New("the appliance does not say so")
		}
		return nil
	})
	p.operator(domain.Password+"\n", append(append([]string{"credential", "rotate"}, scan...), "--method", "kerberos")...)
	p.until("the computer is judged", func(ctx context.Context) error { return p.judged(ctx) })
	p.shows("out_of_scope", "  scan  ")
}

// unwatched are the names of computers that nobody watches.
func (p *practice) unwatched(ctx context.Context) (names []string) {
	p.t.Helper()
	var said struct {
		Computers []struct {
			Name string `json:"name"`
		} `json:"computers"`
	}
	out, err := p.Operator(ctx, "", "directory", "list", "--unwatched", "--all", "--json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &said)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range said.Computers {
		names = append(names, c.Name)
	}
	return names
}

// judged looks whether Central has the verdict on the computer's firewall.
func (p *practice) judged(ctx context.Context) error {
	hosts, err := p.Fleet.ListHosts(ctx, connect.NewRequest(&centralv1.ListHostsRequest{SiteId: p.SiteID, PageSize: 1000}))
	if err != nil {
		return err
	}
	for _, h := range hosts.Msg.GetHosts() {
		if h.GetHostname() != computer {
			continue
		}
		got, err := p.Fleet.GetHost(ctx, connect.NewRequest(&centralv1.GetHostRequest{SiteId: p.SiteID, HostId: h.GetHostId()}))
		if err != nil {
			return err
		}
		for _, c := range got.Msg.GetChecks() {
			if c.GetCheckId() == "firewall" && c.GetStatus() == "fail" && c.GetSource() == "winrm" {
				return nil
			}
		}
		return fmt.Errorf("it is %v", got.Msg.GetChecks())
	}
	return errors.New("Central does not know it")
}
