//go:build integration

package discover_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/e2e/lab/domain"
)

func TestSambaListsThousands(t *testing.T) {
	s := startSamba(t)
	start := time.Now()
	l, mark := list(t, directory(t, s.config()), discover.Mark{})
	t.Logf("%d computers in %s", len(l.Computers), time.Since(start).Round(time.Millisecond))
	kinds, stale := map[discover.Kind]int{}, 0
	for _, c := range l.Computers {
		kinds[c.Kind]++
		if c.Stale {
			stale++
		}
	}
	// A tenth each are disabled and servers, a hundredth the devices, and the
	// controller is one.
	servers, stales := domain.Count/10, domain.Count/50
	if kinds[discover.Server] != servers || kinds[discover.Workstation] != domain.Listed-servers-1 || kinds[discover.DC] != 1 || stale != stales {
		t.Errorf("kinds %v, %d stale; want %d servers, 1 dc, the others workstations, %d stale", kinds, stale, servers, stales)
	}
	if !l.Full || l.Server != "dc1.northvalley.local" || l.Skipped != 0 || l.ReferralCount < 3 || mark.USN == 0 {
		t.Errorf("listing of %s, full %v, %d skipped, %d referrals, mark %+v", l.Server, l.Full, l.Skipped, l.ReferralCount, mark)
	}
	if !slices.ContainsFunc(l.Computers, func(c discover.Computer) bool { return c.Name == "Größe-Ω" && c.Account == "Größe-Ω" }) {
		t.Error("the computer with the foreign name is missing")
	}
	for _, c := range l.Computers {
		if !strings.HasPrefix(string(c.SID), "S-1-5-21-1111111111-2222222222-3333333333-") || len(c.GUID) != 36 {
			t.Fatalf("identity of %+v", c)
		}
	}
}

func TestSambaLetsUsInEveryWay(t *testing.T) {
	s := startSamba(t)
	for _, c := range []struct {
		name   string
		change func(*discover.Config)
	}{
		{"simple over LDAPS at a named server", func(c *discover.Config) { c.Server = "dc1.northvalley.local" }},
		{"simple over StartTLS", func(c *discover.Config) { c.StartTLS = true }},
		{"simple with the old spelling", func(c *discover.Config) { c.Credential.User = `NORTHVALLEY\osiris` }},
		{"kerberos over LDAPS", func(c *discover.Config) { c.Credential.Method = discover.Kerberos }},
		{"kerberos over StartTLS", func(c *discover.Config) { c.Credential.Method, c.StartTLS = discover.Kerberos, true }},
		{"a keytab", func(c *discover.Config) {
			c.Credential = discover.Credential{Method: discover.Kerberos, User: "osiris", Keytab: s.Keytab}
		}},
		{"a pinned key", func(c *discover.Config) { c.CAs, c.Pin = nil, s.pin(t) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := s.config()
			cfg.Include = []string{"OU=Devices," + base}
			c.change(&cfg)
			if l, _ := list(t, directory(t, cfg), discover.Mark{}); len(l.Computers) != domain.Count/100 {
				t.Errorf("%d computers; want the %d devices", len(l.Computers), domain.Count/100)
			}
		})
	}
}

// pin is what an operator is shown and pins.
func (s *samba) pin(t *testing.T) [32]byte {
	t.Helper()
	cfg := s.config()
	cfg.CAs = nil
	_, _, err := directory(t, cfg).List(t.Context(), discover.Mark{})
	var u *discover.Untrusted
	if !errors.As(err, &u) {
		t.Fatalf("List = %v; want an Untrusted", err)
	}
	return u.SPKI
}

func TestSambaKeepsUsOut(t *testing.T) {
	s := startSamba(t)
	for _, c := range []struct {
		name   string
		change func(*discover.Config)
		want   error
		text   string
	}{
		{"a wrong password", func(c *discover.Config) { c.Credential.Password = "no" }, discover.ErrCredentials, "52e"},
		{"a wrong password for kerberos", func(c *discover.Config) {
			c.Credential.Method, c.Credential.Password = discover.Kerberos, "no"
		}, discover.ErrCredentials, "KDC_ERR_PREAUTH_FAILED"},
		{"nobody of that name for kerberos", func(c *discover.Config) {
			c.Credential.Method, c.Credential.User = discover.Kerberos, "nobody"
		}, discover.ErrCredentials, "KDC_ERR_C_PRINCIPAL_UNKNOWN"},
		{"an unknown authority", func(c *discover.Config) { c.CAs = nil }, discover.ErrCertificate, "SHA-256"},
		{"an unknown authority over StartTLS", func(c *discover.Config) { c.CAs, c.StartTLS = nil, true }, discover.ErrCertificate, "SHA-256"},
		{"no such domain", func(c *discover.Config) { c.Domain = "southvalley.local" }, discover.ErrUnreachable, "southvalley"},
		{"a closed port", func(c *discover.Config) { c.Port = 1 }, discover.ErrUnreachable, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := s.config()
			c.change(&cfg)
			_, _, err := directory(t, cfg).List(t.Context(), discover.Mark{})
			if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("List = %v; want %v with %q", err, c.want, c.text)
			}
		})
	}
	t.Run("a plain bind, which we never do, is refused", func(t *testing.T) {
		conn, err := ldap.DialURL("ldap://" + domain.Address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() //nolint:errcheck // the bind says what is wrong
		if err := conn.Bind("osiris@northvalley.local", domain.Password); !ldap.IsErrorWithCode(err, ldap.LDAPResultStrongAuthRequired) {
			t.Errorf("Bind = %v; want code 8", err)
		}
	})
	t.Run("a context that ends", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("the appliance stops"))
		if _, _, err := directory(t, s.config()).List(ctx, discover.Mark{}); !errors.Is(err, discover.ErrTimeout) {
			t.Errorf("List = %v; want ErrTimeout", err)
		}
	})
}

func TestSambaTellsOnlyWhatChanged(t *testing.T) {
	s := startSamba(t)
	d := directory(t, s.config())
	admin := s.admin(t)
	add := ldap.NewAddRequest("CN=BRIEF,OU=Clinic,"+base, nil)
	for name, value := range map[string]string{"objectClass": "computer", "sAMAccountName": "BRIEF$", "userAccountControl": "4096", "operatingSystem": "Windows 10 Pro"} {
		add.Attribute(name, []string{value})
	}
	if err := admin.Add(add); err != nil {
		t.Fatal(err)
	}
	_, mark := list(t, d, discover.Mark{})
	if l, _ := list(t, d, mark); l.Full || len(l.Computers)+len(l.Gone) != 0 {
		t.Errorf("nothing changed, and List = %d computers, %d gone", len(l.Computers), len(l.Gone))
	}
	modify := func(n int, attribute, value string) {
		t.Helper()
		request := ldap.NewModifyRequest(fmt.Sprintf("CN=WS%04d,OU=Clinic,%s", n, base), nil)
		request.Replace(attribute, []string{value})
		if err := admin.Modify(request); err != nil {
			t.Fatal(err)
		}
	}
	modify(7, "operatingSystem", "Windows 11 Enterprise")
	l, next := list(t, d, mark)
	if l.Full || len(l.Computers) != 1 || l.Computers[0].Name != "WS0007" || l.Computers[0].OS != "Windows 11 Enterprise" || len(l.Gone) != 0 {
		t.Errorf("one changed, and List = %+v", l)
	}
	modify(8, "userAccountControl", "4098")
	if err := admin.Del(ldap.NewDelRequest(add.DN, nil)); err != nil {
		t.Fatal(err)
	}
	l, _ = list(t, d, next)
	if len(l.Computers) != 0 || len(l.Gone) != 1 || l.Gone[0].Name != "WS0008" || l.Gone[0].Reason != discover.Disabled {
		t.Errorf("one was disabled and one deleted, and List = %+v", l)
	}
	next.Full = next.Full.Add(-25 * time.Hour)
	l, _ = list(t, d, next)
	deleted := func(c discover.Computer) bool { return c.Name == "WS0008" || c.Name == "BRIEF" }
	if !l.Full || slices.ContainsFunc(l.Computers, deleted) {
		t.Errorf("after a day List is full: %v, and has the deleted: %v", l.Full, slices.ContainsFunc(l.Computers, deleted))
	}
	// Others share this controller.
	modify(8, "userAccountControl", "4096")
	modify(7, "operatingSystem", "Windows 11 Pro")
}

func (s *samba) admin(t *testing.T) *ldap.Conn {
	t.Helper()
	conn, err := ldap.DialURL("ldaps://"+domain.Address, ldap.DialWithTLSConfig(s.client()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Bind(domain.Admin, domain.AdminPassword); err != nil {
		t.Fatal(err)
	}
	return conn
}
