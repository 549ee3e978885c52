package practice_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

func start(t *testing.T, cfg practice.Config) *practice.Practice {
	t.Helper()
	var err error
	if cfg.Catalogue, err = runbook.Load(); err != nil {
		t.Fatal(err)
	}
	p, err := practice.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestTheHostsOfAPractice(t *testing.T) {
	p := start(t, practice.Config{PlainPort: true, Hung: 1})
	in := p.Inventory()
	if len(in.Hosts) != practice.DefaultHosts || in.Password == "" || in.User != `NORTHVALLEY\osiris-scan` {
		t.Fatalf("Inventory = %d hosts, %q", len(in.Hosts), in.User)
	}
	roles, faults, seen := map[string]int{}, 0, map[string]bool{}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.CA().Pool(), MinVersion: tls.VersionTLS12}}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr, Timeout: 30 * time.Second}
	for _, h := range in.Hosts {
		roles[h.Role]++
		if h.Fault != "" {
			faults++
		}
		if seen[h.HTTPS] || seen[h.Name] || h.HTTP == "" {
			t.Errorf("host %+v is there twice or does not listen", h)
		}
		seen[h.HTTPS], seen[h.Name] = true, true
		if h.Hung {
			continue
		}
		// The certificate is for the name by which the host is known.
		tr.TLSClientConfig.ServerName = h.FQDN
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+h.HTTPS+"/wsman", strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Errorf("%s: %v", h.Name, err)
			continue
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s = HTTP %d", h.Name, res.StatusCode)
		}
	}
	if roles[runbook.RoleDomainController] != 1 || roles[runbook.RoleServer] != 2 || roles[runbook.RoleWorkstation] != 9 {
		t.Errorf("roles = %v", roles)
	}
	if faults < 6 {
		t.Errorf("%d hosts have faults", faults)
	}
	if !in.Hosts[len(in.Hosts)-1].Hung {
		t.Error("the last host does not hang")
	}
}

func TestManyHostsHaveEachItsFault(t *testing.T) {
	p := start(t, practice.Config{Hosts: 60})
	kinds := map[string]bool{}
	for _, h := range p.Hosts() {
		kinds[h.Fault] = true
	}
	if len(kinds) < 10 {
		t.Errorf("%d kinds of fault: %v", len(kinds), kinds)
	}
}

func TestHostsAreCalledForWhatTheyAre(t *testing.T) {
	p := start(t, practice.Config{Hosts: 90})
	seen, lab := map[string]bool{}, 0
	for _, h := range p.Hosts() {
		if seen[h.Name] || len(h.Name) > 15 {
			t.Errorf("%s is there twice, or too long for NetBIOS", h.Name)
		}
		seen[h.Name] = true
		if h.Lab {
			lab++
		}
	}
	for _, want := range []string{"DC-01", "FILES-01", "RECORDS-02", "FRONTDESK-01", "FRONTDESK-02", "FRONTDESK-18", "XRAY-01", "SPARE-09"} {
		if !seen[want] {
			t.Errorf("there is no %s", want)
		}
	}
	if lab != 9 {
		t.Errorf("%d hosts are the lab's; want each SPARE", lab)
	}
}

func TestALifelikePracticeHasHostsInTrouble(t *testing.T) {
	p := start(t, practice.Config{Lifelike: true, Healthy: true})
	var hung []string
	for _, h := range p.Hosts() {
		if h.Hung {
			hung = append(hung, h.Name)
		}
	}
	if !slices.Equal(hung, []string{"XRAY-01"}) {
		t.Errorf("%v hang; want XRAY-01", hung)
	}
}

func TestAWorkgroupHasNoDomain(t *testing.T) {
	p := start(t, practice.Config{Hosts: 2, Workgroup: true})
	in := p.Inventory()
	if in.Domain != "" || in.DNSDomain != "" || in.User != `.\osiris-scan` || in.Hosts[1].FQDN != "files-01" {
		t.Errorf("Inventory = %+v", in)
	}
	if _, member := p.Hosts()[1].Model.Get("domain.name"); member {
		t.Error("a host of a workgroup is in a domain")
	}
}

func TestAPracticeWithoutHostsIsRefused(t *testing.T) {
	for _, cfg := range []practice.Config{{Hosts: -1}, {Hosts: practice.MaxHosts + 1}, {Hosts: 2, Hung: 3}} {
		if p, err := practice.New(cfg); err == nil {
			p.Close()
			t.Errorf("New(%+v) = nil; want an error", cfg)
		}
	}
}
