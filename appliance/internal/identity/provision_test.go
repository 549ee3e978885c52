package identity_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/identity"
)

func text(json string) string { return "osiris1." + base64.RawURLEncoding.EncodeToString([]byte(json)) }

const good = `{"code":"0123456789ABCDEF","central_url":"https://c.example:8443","central_root":"` +
	"0000000000000000000000000000000000000000000000000000000000000000" + `","tls_pin":"` +
	"1111111111111111111111111111111111111111111111111111111111111111" + `","site_id":"s_1"}`

func TestProvisioningStrings(t *testing.T) {
	if p, err := identity.ParseProvision(" " + text(good) + "\n"); err != nil || p.SiteID != "s_1" || p.Code == "" {
		t.Errorf("ParseProvision = %+v, %v", p, err)
	}
	for name, test := range map[string]struct{ in, says string }{
		"nothing":          {"", "osiris1."},
		"another version":  {"osiris2." + text(good)[8:], "osiris1."},
		"no base64":        {"osiris1.!!!", "illegal base64"},
		"no JSON":          {text("hello"), "invalid character"},
		"no code":          {text(strings.Replace(good, "0123456789ABCDEF", "", 1)), "no code"},
		"plain HTTP":       {text(strings.Replace(good, "https", "http", 1)), "https"},
		"a short root":     {text(strings.Replace(good, "0000", "", 1)), "central_root"},
		"a short TLS pin":  {text(strings.Replace(good, "1111", "", 1)), "tls_pin"},
		"an endless token": {"osiris1." + strings.Repeat("A", 5000), "osiris1."},
	} {
		if _, err := identity.ParseProvision(test.in); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: ParseProvision = %v; want an error saying %q", name, err, test.says)
		}
	}
}

func TestKeysAreMadeOnceAndAreNotAClaim(t *testing.T) {
	dir := t.TempDir()
	if _, err := identity.Load(dir); !errors.Is(err, identity.ErrUnclaimed) {
		t.Errorf("Load of an empty folder = %v; want ErrUnclaimed", err)
	}
	a, err := identity.LoadKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := identity.LoadKeys(dir)
	if err != nil || !a.CA.Equal(b.CA) || !a.TLS.Equal(b.TLS) || a.Log.ID() != b.Log.ID() || a.Log.ID() == a.Bundle.ID() {
		t.Errorf("keys changed between two loads, %v", err)
	}
	if _, err := identity.Load(dir); !errors.Is(err, identity.ErrUnclaimed) {
		t.Errorf("Load with keys only = %v; want ErrUnclaimed", err)
	}
}

func FuzzParseProvision(f *testing.F) {
	f.Add(text(good))
	f.Add("osiris1.")
	f.Fuzz(func(t *testing.T, in string) {
		p, err := identity.ParseProvision(in)
		if err != nil {
			return
		}
		if _, err := p.Root(); err != nil {
			t.Errorf("ParseProvision(%q) let a root through that Root refuses: %v", in, err)
		}
		if _, err := p.Pin(); err != nil {
			t.Errorf("ParseProvision(%q) let a pin through that Pin refuses: %v", in, err)
		}
	})
}
