//go:build integration

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/e2e/stack"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/tools/winlab/practice"
	"github.com/osiriscare/osiris/tools/winlab/realm"
)

// nameServer is on loopback, where nobody else's is.
const nameServer = "127.53.0.1"

// asking is the appliance in a mount namespace in which names are asked of
// nameServer.
func asking(t *testing.T, appliance string) string {
	t.Helper()
	folder := t.TempDir()
	resolv, wrapper := filepath.Join(folder, "resolv.conf"), filepath.Join(folder, "appliance")
	script := fmt.Sprintf(`#!/bin/sh
exec unshare -m sh -c 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' sh %s %s "$@"
`, resolv, appliance)
	for _, f := range []struct {
		name, text string
		mode       os.FileMode
	}{{resolv, "nameserver " + nameServer + "\noptions timeout:1 attempts:2\n", 0o644}, {wrapper, script, 0o700}} {
		if err := os.WriteFile(f.name, []byte(f.text), f.mode); err != nil {
			t.Fatal(err)
		}
	}
	return wrapper
}

// TestHostsOfADomainAreScannedWithKerberos lets the appliance find the KDC as the
// domain's DNS names it, MIT's here, and sign in to hosts with its tickets alone,
// over TLS and sealed without.
func TestHostsOfADomainAreScannedWithKerberos(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a name server on port 53 needs root")
	}
	const password = "e2e-kerberos-password"
	r := realm.Start(t, realm.Config{
		Name: "NORTHVALLEY.EXAMPLE", Encryption: "aes256-cts-hmac-sha1-96", Users: map[string]string{"osiris-scan": password},
		Services: []string{"HTTP/dc-01.northvalley.example", "HTTP/frontdesk-01.northvalley.example"},
	})
	r.Names(t, nameServer+":53")
	// The hosts' own account has another password, so NTLM leads nowhere.
	l := startLab(t, practice.Config{Hosts: 4, PlainPort: true, Keytab: r.Keytab}, trustv1.Tier_TIER_MONITOR_ONLY, func(c *stack.Config) {
		c.Binaries["osiris-appliance"] = asking(t, c.Binaries["osiris-appliance"])
	})
	l.must("adding the domain's account", func(ctx context.Context) error {
		_, err := l.Operator(ctx, password+"\n", "credential", "add", "domain", "--kind", "windows-password", "--method", "kerberos",
			"--user", "osiris-scan@NORTHVALLEY.EXAMPLE")
		return err
	})
	domain := func(t *centralv1.Target) {
		t.Credential, t.TlsName = "domain", strings.ToLower(t.GetName())+".northvalley.example"
	}
	l.target("DC-01", domain)
	l.target("FRONTDESK-01", l.plain("FRONTDESK-01"), domain)
	l.judged("dc-01.northvalley.example", "spooler", "fail")
	l.judged("frontdesk-01.northvalley.example", "firewall", "fail")
	for name, sealed := range map[string]bool{"DC-01": false, "FRONTDESK-01": true} {
		h, _ := l.host(name)
		if st := h.Machine.Service().Stats(); st.Logons != 1 || st.Plain != 0 || (st.Sealed > 0) != sealed || (st.TLS > 0) == sealed {
			t.Errorf("%s was reached by %+v", name, st)
		}
	}
	l.secretsKept(password)
}
