package discover_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/osiriscare/osiris/appliance/internal/discover"
)

func sorted(s []string) []string { slices.Sort(s); return s }

// config talks to the fake under its name.
func (f *fake) config() discover.Config {
	return discover.Config{
		Domain: "northvalley.local", Server: "DC1.northvalley.local", Port: f.port, StartTLS: f.startTLS(), CAs: f.cas,
		Credential: discover.Credential{Method: discover.Simple, User: "osiris@northvalley.local", Password: "Secret-1"},
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			f.mu.Lock()   // what the test set is seen by the server
			f.mu.Unlock() //nolint:staticcheck // only the order counts
			return new(net.Dialer).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", f.port))
		},
	}
}

func directory(t *testing.T, cfg discover.Config) *discover.Directory {
	t.Helper()
	d, err := discover.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func names(l discover.Listing) []string {
	var names []string
	for _, c := range l.Computers {
		names = append(names, c.Name)
	}
	return sorted(names)
}

func list(t *testing.T, d *discover.Directory, since discover.Mark) (discover.Listing, discover.Mark) {
	t.Helper()
	l, m, err := d.List(t.Context(), since)
	if err != nil {
		t.Fatalf("List = %v; want a listing", err)
	}
	return l, m
}

func TestListSortsComputers(t *testing.T) {
	f := startFake(t)
	f.computer(1, nil)
	f.computer(2, entry{"operatingSystem": "Windows 10 Enterprise"})
	f.computer(3, entry{"operatingSystem": "Windows Server 2022 Standard"})
	f.computer(4, entry{"operatingSystem": "Windows Server® 2008 Standard", "userAccountControl": "532480", "primaryGroupID": "516"})
	f.computer(5, entry{"userAccountControl": "83890176", "primaryGroupID": "521", "operatingSystem": "Windows Server 2019 Standard"})
	f.computer(6, entry{"userAccountControl": "4098"})
	f.computer(7, entry{"operatingSystem": "Windows 7 Professional"})
	f.computer(8, entry{"operatingSystem": "Samba", "operatingSystemVersion": "4.17"})
	f.computer(9, entry{"lastLogonTimestamp": fileTime(fakeNow.Add(-46 * 24 * time.Hour))})
	f.computer(10, entry{"lastLogonTimestamp": fileTime(fakeNow.Add(-44 * 24 * time.Hour))})
	f.computer(11, entry{"lastLogonTimestamp": "", "whenCreated": "20261121000000.0Z"})
	f.computer(12, entry{"lastLogonTimestamp": ""})
	f.computer(13, entry{"name": "Größe-Ω", "sAMAccountName": "GRÖSSE-Ω$"})
	f.computer(14, entry{"objectGUID": "short"})
	f.referrals = []string{"ldap://DomainDnsZones.northvalley.local/DC=DomainDnsZones," + base}
	l, _ := list(t, directory(t, f.config()), discover.Mark{})
	got := map[string]string{}
	for _, c := range l.Computers {
		got[c.Name] = string(c.Kind)
		if c.Stale {
			got[c.Name] += " stale"
		}
		if !c.Enabled {
			t.Errorf("%s is listed and not enabled", c.Name)
		}
	}
	want := map[string]string{
		"WS0001": "workstation", "WS0002": "workstation", "WS0003": "server", "WS0004": "dc", "WS0005": "dc",
		"WS0009": "workstation stale", "WS0010": "workstation", "WS0011": "workstation", "WS0012": "workstation stale", "Größe-Ω": "workstation",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("listed %v; want %v", got, want)
	}
	if !l.Full || l.Others != 2 || l.Skipped != 1 || l.ReferralCount != 1 || len(l.Referrals) != 1 || len(l.Gone) != 3 || l.Gone[0].DNSName != "ws0006.northvalley.local" || !l.Time.Equal(fakeNow) {
		t.Errorf("listing %+v; want full, 2 others and a disabled one, who are gone, 1 skipped, 1 referral", l)
	}
	c, ok := l.Find("00000000-0000-0000-0000-000000000001")
	if !ok || c.SID != "S-1-5-21-1-2-3-1" || c.DNSName != "ws0001.northvalley.local" || c.Account != "WS0001" || !c.LastLogon.Equal(fakeNow.Add(-24*time.Hour)) {
		t.Errorf("Find = %+v, %v; want WS0001", c, ok)
	}
	if _, ok := l.Find("00000000-0000-0000-0000-000000000006"); ok {
		t.Error("a disabled computer is found")
	}
}

func TestListPagesThroughEverything(t *testing.T) {
	f := startFake(t)
	for n := range 2500 {
		f.computer(n+1, nil)
	}
	l, _ := list(t, directory(t, f.config()), discover.Mark{})
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(l.Computers) != 2500 || len(f.filters) != 3 {
		t.Errorf("%d computers in %d pages; want 2500 in 3", len(l.Computers), len(f.filters))
	}
}

func TestListFailsRatherThanBeingCutShort(t *testing.T) {
	f := startFake(t)
	for n := range 1001 {
		f.computer(n+1, nil)
	}
	f.noPaging = true
	d := directory(t, f.config())
	l, m, err := d.List(t.Context(), discover.Mark{USN: 7})
	if !errors.Is(err, discover.ErrLimit) || l.Computers != nil || m.USN != 7 {
		t.Errorf("List = %d computers, %v, %v; want ErrLimit, and the mark as it was", len(l.Computers), m, err)
	}
}

func TestListBoundsWhatAControllerSends(t *testing.T) {
	t.Run("one endless answer", func(t *testing.T) {
		f := startFake(t)
		f.flood = true
		if _, _, err := directory(t, f.config()).List(t.Context(), discover.Mark{}); !errors.Is(err, discover.ErrLimit) {
			t.Errorf("List = %v; want ErrLimit", err)
		}
	})
	t.Run("pages without end", func(t *testing.T) {
		f := startFake(t)
		f.endless = true
		if _, _, err := directory(t, f.config()).List(t.Context(), discover.Mark{}); !errors.Is(err, discover.ErrLimit) {
			t.Errorf("List = %v; want ErrLimit", err)
		}
	})
}

func TestListBoundsWhatComputersSayOfThemselves(t *testing.T) {
	f := startFake(t)
	f.computer(1, entry{"operatingSystem": "Windows 11 " + strings.Repeat("ü", 4000)})
	f.computer(2, entry{"dNSHostName": strings.Repeat("a", 300) + ".northvalley.local"})
	f.computer(3, entry{"name": strings.Repeat("a", 300)})
	l, _ := list(t, directory(t, f.config()), discover.Mark{})
	if len(l.Computers) != 1 || len(l.Computers[0].OS) > 128 || !utf8.ValidString(l.Computers[0].OS) || l.Skipped != 2 {
		t.Errorf("listed %+v, %d skipped; want one with the beginning of its system, 2 skipped", l.Computers, l.Skipped)
	}
}

func TestListGoesOnFromAMark(t *testing.T) {
	f := startFake(t)
	for n := range 20 {
		f.computer(n+1, nil)
	}
	d := directory(t, f.config())
	_, mark := list(t, d, discover.Mark{})
	l, same := list(t, d, mark)
	if l.Full || len(l.Computers) != 0 || len(l.Gone) != 0 || same != mark {
		t.Errorf("nothing changed, and List = %+v", l)
	}
	f.computer(3, entry{"uSNChanged": "2000", "operatingSystem": "Windows 11 Enterprise"})
	f.computer(4, entry{"uSNChanged": "2001", "userAccountControl": "4098"})
	l, next := list(t, d, mark)
	if l.Full || len(l.Computers) != 1 || l.Computers[0].OS != "Windows 11 Enterprise" {
		t.Errorf("one changed, and List = %+v", l)
	}
	if len(l.Gone) != 1 || l.Gone[0].Name != "WS0004" || l.Gone[0].Reason != discover.Disabled {
		t.Errorf("one was disabled, and gone are %+v", l.Gone)
	}
	if next.USN != 2001 || !next.Full.Equal(mark.Full) {
		t.Errorf("mark %+v; want number 2001 and the full pass as it was", next)
	}
}

func TestListBeginsAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*fake, *discover.Mark)
	}{
		{"on another copy of the database", func(f *fake, _ *discover.Mark) { f.invocation = [16]byte{2} }},
		{"on a database that went back", func(_ *fake, m *discover.Mark) { m.USN += 1000 }},
		{"after a day", func(_ *fake, m *discover.Mark) { m.Full = m.Full.Add(-24 * time.Hour) }},
		{"when the last full pass is in the future", func(_ *fake, m *discover.Mark) { m.Full = m.Full.Add(time.Hour) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := startFake(t)
			f.computer(1, nil)
			d := directory(t, f.config())
			_, mark := list(t, d, discover.Mark{})
			c.change(f, &mark)
			if l, next := list(t, d, mark); !l.Full || len(l.Computers) != 1 || !next.Full.Equal(fakeNow) {
				t.Errorf("List = %+v, %+v; want a full pass", l, next)
			}
		})
	}
}

func TestScope(t *testing.T) {
	f := startFake(t)
	f.computer(1, entry{"ou": "OU=Desk\\, front,OU=Clinic,"})
	f.computer(2, entry{"ou": "OU=Medical,OU=Clinic,"})
	f.computer(3, entry{"ou": "OU=Office,"})
	member := f.computer(4, entry{"ou": "OU=Clinic,"})
	for n := range 3200 {
		f.members = append(f.members, fmt.Sprintf("CN=other%d,%s", n, base))
	}
	f.members = append(f.members, strings.ToUpper(member))
	cfg := f.config()
	cfg.Include = []string{"ou=clinic," + strings.ToLower(base)}
	cfg.Exclude = []string{"OU=Medical,OU=Clinic," + base}
	cfg.ExcludeGroups = []string{"CN=Group," + base}
	l, _ := list(t, directory(t, cfg), discover.Mark{})
	if got := names(l); !slices.Equal(got, []string{"WS0001"}) || l.LeftOut != 3 {
		t.Errorf("listed %v, %d left out; want WS0001, 3", got, l.LeftOut)
	}
}

func TestStartTLS(t *testing.T) {
	f := startFake(t)
	f.computer(1, nil)
	cfg := f.config()
	if !cfg.StartTLS {
		t.Fatal("this is to be about StartTLS")
	}
	if l, _ := list(t, directory(t, cfg), discover.Mark{}); len(l.Computers) != 1 {
		t.Errorf("%d computers; want 1", len(l.Computers))
	}
}

func TestListSaysWhatIsWrong(t *testing.T) {
	const ldaps = -1
	bind := func(data string) func(*fake, *discover.Config) {
		return func(f *fake, _ *discover.Config) {
			f.bindCode, f.bindText = 49, "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data "+data+", v2580"
		}
	}
	for _, c := range []struct {
		name  string
		start int
		set   func(*fake, *discover.Config)
		want  error
		text  string
	}{
		{"a wrong password", ldaps, bind("52e"), discover.ErrCredentials, "wrong account name or password (52e)"},
		{"a disabled account", ldaps, bind("533"), discover.ErrCredentials, "disabled"},
		{"a locked account", ldaps, bind("775"), discover.ErrCredentials, "unlock"},
		{"an expired password", ldaps, bind("532"), discover.ErrCredentials, "expired"},
		{"an unknown reason", ldaps, bind("fff"), discover.ErrCredentials, "(49)"},
		{"signing required", ldaps, func(f *fake, _ *discover.Config) { f.bindCode = 8 }, discover.ErrPlainRefused, "never used"},
		{"no certificate for StartTLS", 52, nil, discover.ErrPlainRefused, "never used"},
		{"no tls on the port", ldaps, func(f *fake, _ *discover.Config) { f.plain = true }, discover.ErrPlainRefused, "never used"},
		{"an unknown authority", ldaps, func(_ *fake, c *discover.Config) { c.CAs = nil }, discover.ErrCertificate, "SHA-256"},
		{"an unknown authority over StartTLS", 0, func(_ *fake, c *discover.Config) { c.CAs = nil }, discover.ErrCertificate, "SHA-256"},
		{"another host's certificate", ldaps, func(_ *fake, c *discover.Config) { c.Server = "dc2.northvalley.local" }, discover.ErrCertificate, "dc2"},
		{"another pin", ldaps, func(_ *fake, c *discover.Config) { c.Pin = [32]byte{1} }, discover.ErrCertificate, "pinned"},
		{"another domain's controller", ldaps, func(f *fake, _ *discover.Config) { f.context = "DC=other,DC=local" }, discover.ErrDomain, "other"},
		{"no right to read", ldaps, func(f *fake, _ *discover.Config) { f.searchCode = 50 }, discover.ErrDenied, "computers"},
		{"an administrative limit", ldaps, func(f *fake, _ *discover.Config) { f.searchCode = 11 }, discover.ErrLimit, "computers"},
		{"nobody there", ldaps, func(_ *fake, c *discover.Config) {
			c.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
		}, discover.ErrUnreachable, "636"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := startFake(t)
			f.startCode = c.start
			cfg := f.config()
			if c.set != nil {
				c.set(f, &cfg)
			}
			_, _, err := directory(t, cfg).List(t.Context(), discover.Mark{})
			if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("List = %v; want %v with %q", err, c.want, c.text)
			}
			if strings.Contains(fmt.Sprint(err), "Secret-1") {
				t.Errorf("the password is in %v", err)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.binds > 1 {
				t.Errorf("%d binds; want one: accounts lock", f.binds)
			}
		})
	}
}

func TestPin(t *testing.T) {
	f := startFake(t)
	f.startCode = -1
	f.computer(1, nil)
	cfg := f.config()
	cfg.CAs = nil
	cfg.Pin = spki(f.ca)
	list(t, directory(t, cfg), discover.Mark{})
	// What the operator is shown is what can be pinned.
	cfg.Pin = [32]byte{1}
	_, _, err := directory(t, cfg).List(t.Context(), discover.Mark{})
	var u *discover.Untrusted
	if !errors.As(err, &u) {
		t.Fatalf("List = %v; want an Untrusted", err)
	}
	cfg.Pin = u.SPKI
	list(t, directory(t, cfg), discover.Mark{})
}

func TestListEndsWithItsContext(t *testing.T) {
	for _, code := range []int{0, -1} {
		f := startFake(t)
		f.startCode = code
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		stops := errors.New("the appliance stops")
		f.hang = func() { cancel(stops) }
		if _, _, err := directory(t, f.config()).List(ctx, discover.Mark{}); !errors.Is(err, discover.ErrTimeout) || !errors.Is(err, stops) {
			t.Errorf("List = %v; want ErrTimeout with the cause", err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := discover.Config{Domain: "northvalley.local", Credential: discover.Credential{Method: discover.Simple, User: "u", Password: "p"}}
	for _, c := range []struct {
		name   string
		change func(*discover.Config)
	}{
		{"no domain", func(c *discover.Config) { c.Domain = "" }},
		{"an empty label", func(c *discover.Config) { c.Domain = "a..b" }},
		{"no user", func(c *discover.Config) { c.Credential.User = "" }},
		{"an empty password, which binds as nobody", func(c *discover.Config) { c.Credential.Password = "" }},
		{"an unknown method", func(c *discover.Config) { c.Credential.Method = "plain" }},
		{"a password and a keytab", func(c *discover.Config) {
			c.Credential.Method, c.Credential.Keytab = discover.Kerberos, []byte{5, 2}
		}},
		{"a broken keytab", func(c *discover.Config) {
			c.Credential = discover.Credential{Method: discover.Kerberos, User: "u", Keytab: []byte{5, 2, 255, 255}}
		}},
		{"a broken container", func(c *discover.Config) { c.Include = []string{"clinic"} }},
		{"a broken exclusion", func(c *discover.Config) { c.Exclude = []string{""} }},
		{"a broken group", func(c *discover.Config) { c.ExcludeGroups = []string{"group"} }},
		{"a port", func(c *discover.Config) { c.Port = 65536 }},
		{"a negative age", func(c *discover.Config) { c.StaleAfter = -1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			if _, err := discover.New(cfg); !errors.Is(err, discover.ErrInvalid) {
				t.Errorf("New = %v; want ErrInvalid", err)
			}
		})
	}
	if _, err := discover.New(good); err != nil {
		t.Errorf("New = %v; want none", err)
	}
}
