package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/signed"
)

const text = "correct horse battery staple"

func good() Credential {
	return Credential{Kind: WindowsPassword, Method: "ntlm", User: `CLINIC\scan`, Password: NewSecret(text)}
}

func newKey(t testing.TB) *Key {
	t.Helper()
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestASecretIsNotPrintedByAnything(t *testing.T) {
	c := good()
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	log.Info("x", "secret", c.Password, "credential", c, "pointer", &c)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "secret", c.Password, "credential", c, "in", struct{ S any }{c.Password})
	said := logged.String()
	for _, v := range []any{c.Password, &c.Password, c, &c, []Secret{c.Password}, map[string]Secret{"a": c.Password}, struct{ S Secret }{c.Password}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			said += fmt.Sprintf(verb, v)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		said += string(raw)
	}
	said += fmt.Errorf("x: %v %w", c, fmt.Errorf("%v", c.Password)).Error()
	for _, trace := range []string{text, text[:12], fmt.Sprintf("%x", text), fmt.Sprintf("%v", []byte(text))} {
		if strings.Contains(said, trace) {
			t.Errorf("what was printed has %q:\n%s", trace, said)
		}
	}
	if !strings.Contains(said, hidden) {
		t.Error("nothing was printed in its place")
	}
}

func TestASealedCredentialOpensOnlyInItsPlace(t *testing.T) {
	key, place := newKey(t), Place{SiteID: "s_1", ApplianceID: "ap_1", Name: "clinic", Kind: WindowsPassword, Version: 7}
	sealed, err := Seal(key.Public(), place, good())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte(text)) {
		t.Fatal("the sealed text shows the secret")
	}
	got, err := key.Open(place, sealed)
	if err != nil || got.Password.Reveal() != text {
		t.Fatalf("Open = %v, %v", got, err)
	}
	flip := bytes.Clone(sealed)
	flip[len(flip)/2] ^= 1
	for name, tt := range map[string]struct {
		key    *Key
		place  Place
		sealed []byte
	}{
		"another site":           {key, Place{"s_2", "ap_1", "clinic", WindowsPassword, 7}, sealed},
		"another appliance":      {key, Place{"s_1", "ap_2", "clinic", WindowsPassword, 7}, sealed},
		"another name":           {key, Place{"s_1", "ap_1", "admin", WindowsPassword, 7}, sealed},
		"another kind":           {key, Place{"s_1", "ap_1", "clinic", LDAPBind, 7}, sealed},
		"another version":        {key, Place{"s_1", "ap_1", "clinic", WindowsPassword, 8}, sealed},
		"borders moved":          {key, Place{"s_1a", "p_1", "clinic", WindowsPassword, 7}, sealed},
		"another key":            {newKey(t), place, sealed},
		"a byte changed":         {key, place, flip},
		"cut short":              {key, place, sealed[:40]},
		"nothing":                {key, place, nil},
		"more than there can be": {key, place, make([]byte, MaxSealed+1)},
	} {
		if _, err := tt.key.Open(tt.place, tt.sealed); !errors.Is(err, ErrSealed) {
			t.Errorf("Open with %s = %v; want ErrSealed", name, err)
		}
	}
	again, err := Seal(key.Public(), place, good())
	if err != nil || bytes.Equal(again, sealed) {
		t.Errorf("the same sealed twice is the same text, %v", err)
	}
	long := good()
	long.Password = NewSecret(text + "and more")
	other, err := Seal(key.Public(), place, long)
	if err != nil || len(other) != len(sealed) {
		t.Errorf("a longer password gives %d bytes, not %d: its length shows, %v", len(other), len(sealed), err)
	}
	if _, err := Seal(key.Public(), Place{Kind: LDAPBind}, good()); !errors.Is(err, ErrInvalid) {
		t.Errorf("Seal for another kind = %v; want ErrInvalid", err)
	}
}

func TestOnlyWhatAHostWouldTakeIsValid(t *testing.T) {
	change := func(do func(c *Credential)) Credential {
		c := good()
		do(&c)
		return c
	}
	for name, tt := range map[string]struct {
		c  Credential
		ok bool
	}{
		"a Windows password":         {good(), true},
		"kerberos":                   {change(func(c *Credential) { c.Method, c.User = "kerberos", "scan@CLINIC.LAN" }), true},
		"an SSH key with sudo":       {Credential{Kind: SSHKey, Method: "publickey", User: "scan", Key: NewSecret("PEM"), Sudo: SudoPassword, SudoSecret: NewSecret("x")}, true},
		"sudo by the login password": {Credential{Kind: SSHPassword, Method: "password", User: "scan", Password: NewSecret("x"), Sudo: SudoPassword}, true},
		"a certificate":              {Credential{Kind: ClientCertificate, Method: "certificate", Key: NewSecret("PEM"), Certificate: [][]byte{{1}}}, true},
		"a bind":                     {Credential{Kind: LDAPBind, Method: "simple", User: "CN=scan,DC=clinic", Password: NewSecret("x")}, true},
		"limited to hosts":           {change(func(c *Credential) { c.Hosts = []string{"*.clinic.lan", "10.0.0.0/24", "fd00::/8", "srv01"} }), true},
		"no kind":                    {change(func(c *Credential) { c.Kind = "" }), false},
		"a method of another kind":   {change(func(c *Credential) { c.Method = "publickey" }), false},
		"no user":                    {change(func(c *Credential) { c.User = "" }), false},
		"no password":                {change(func(c *Credential) { c.Password = Secret{} }), false},
		"a user of two lines":        {change(func(c *Credential) { c.User = "a\nb" }), false},
		"a password of two lines":    {change(func(c *Credential) { c.Password = NewSecret("a\nb") }), false},
		"a password too long":        {change(func(c *Credential) { c.Password = NewSecret(strings.Repeat("a", maxSecret+1)) }), false},
		"a key beside a password":    {change(func(c *Credential) { c.Key = NewSecret("PEM") }), false},
		"sudo on Windows":            {change(func(c *Credential) { c.Sudo = SudoFree }), false},
		"sudo of a key with nothing": {Credential{Kind: SSHKey, Method: "publickey", User: "scan", Key: NewSecret("PEM"), Sudo: SudoPassword}, false},
		"a secret for free sudo":     {Credential{Kind: SSHKey, Method: "publickey", User: "scan", Key: NewSecret("PEM"), Sudo: SudoFree, SudoSecret: NewSecret("x")}, false},
		"a passphrase without a key": {change(func(c *Credential) { c.Passphrase = NewSecret("x") }), false},
		"a network that is none":     {change(func(c *Credential) { c.Hosts = []string{"10.0.0.0/33"} }), false},
		"every host of the world":    {change(func(c *Credential) { c.Hosts = []string{"*"} }), false},
		"a port":                     {change(func(c *Credential) { c.Hosts = []string{"ws01:5985", "[fd00::1]:22", "10.0.0.0/8:1"} }), true},
		"a colon without a port":     {change(func(c *Credential) { c.Hosts = []string{"ws01:"} }), false},
		"a port that is none":        {change(func(c *Credential) { c.Hosts = []string{"ws01:65536"} }), false},
		"a port in words":            {change(func(c *Credential) { c.Hosts = []string{"ws01:http"} }), false},
		"a bracket without a port":   {change(func(c *Credential) { c.Hosts = []string{"[fd00::1]"} }), false},
		"a star inside":              {change(func(c *Credential) { c.Hosts = []string{"ws*.clinic.lan"} }), false},
	} {
		if err := tt.c.Validate(); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("Validate of %s = %v; want valid: %t", name, err, tt.ok)
		}
	}
}

func TestACredentialIsUsedOnlyWhereItIsFor(t *testing.T) {
	c := Credential{Hosts: []string{"*.Clinic.lan", "10.0.0.0/24", "fd00::/8", "srv01", "192.168.1.5"}}
	for host, want := range map[string]bool{
		"ws01.clinic.lan": true, "WS01.CLINIC.LAN.": true, "a.b.clinic.lan": true, "clinic.lan": false, "evilclinic.lan": false, ".clinic.lan": false,
		"10.0.0.7": true, "::ffff:10.0.0.7": true, "10.0.1.7": false, "fd00::1": true, "fe80::1": false, "srv01": true, "SRV01": true, "srv01.evil.lan": false,
		"192.168.1.5": true, "192.168.1.50": false, "": false,
	} {
		if got := c.Allows(host); got != want {
			t.Errorf("Allows(%q) = %t; want %t", host, got, want)
		}
	}
	c = Credential{Hosts: []string{"srv01", "srv02:2222", "*.clinic.lan:5985", "10.0.0.0/24:5985", "[fd00::/8]:2222", "2001:db8::/32"}}
	for place, want := range map[string]bool{
		"srv01": true, "srv01:2222": false, "srv01:22": false, "srv02": false, "srv02:2222": true, "SRV02.:2222": true, "srv02:02222": false, "srv02:": false,
		"ws01.clinic.lan:5985": true, "ws01.clinic.lan": false, "ws01.clinic.lan:5986": false, "10.0.0.7:5985": true, "10.0.0.7": false,
		"[fd00::1]:2222": true, "fd00::1": false, "[fd00::1]:22": false, "2001:db8::2222": true, "[2001:db8::1]:2222": false,
	} {
		if got := c.Allows(place); got != want {
			t.Errorf("Allows(%q) = %t; want %t", place, got, want)
		}
	}
	if !(Credential{}).Allows("anything:1") {
		t.Error("a credential without limits allows nothing")
	}
}

func TestASealingKeyIsBelievedUnderTheCommandKeyOnly(t *testing.T) {
	key := newKey(t)
	command, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	other, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	e, err := key.Sign(command, "s_1", "ap_1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenKey(e, command.Public(), "s_1", "ap_1"); err != nil || !bytes.Equal(got, key.Public()) {
		t.Errorf("OpenKey = %x, %v", got, err)
	}
	wrong := command.Seal(signed.Command, e.GetPayload())
	e2, err := key.Sign(command, "s_1", "ap_1")
	if err != nil {
		t.Fatal(err)
	}
	e2.Signature = wrong.Signature
	for name, err := range map[string]error{
		"another command key": second(OpenKey(e, other.Public(), "s_1", "ap_1")),
		"another site":        second(OpenKey(e, command.Public(), "s_2", "ap_1")),
		"another appliance":   second(OpenKey(e, command.Public(), "s_1", "ap_2")),
		"another context":     second(OpenKey(e2, command.Public(), "s_1", "ap_1")),
		"nothing":             second(OpenKey(nil, command.Public(), "s_1", "ap_1")),
	} {
		if !errors.Is(err, ErrKey) {
			t.Errorf("OpenKey with %s = %v; want ErrKey", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAKeyFileIsReadAgainAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	first, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreate(path)
	if err != nil || !bytes.Equal(first.Public(), again.Public()) {
		t.Errorf("the key read again is another, %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("the file = %v, %v; want 32 bytes of mode 0600", info, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || strings.Contains(fmt.Sprintf("%v %+v %#v", first, first, first), fmt.Sprintf("%x", raw)) {
		t.Errorf("the key prints itself, %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreate(path); err == nil {
		t.Error("a broken key file was taken, or replaced")
	}
}

func TestEveryKindTravels(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds {
		if KindOf(k.Wire()) != k || len(Methods(k)) == 0 || seen[k.Wire().String()] {
			t.Errorf("%s travels as %s and comes as %s", k, k.Wire(), KindOf(k.Wire()))
		}
		seen[k.Wire().String()] = true
	}
	if KindOf(0) != "" || KindOf(999) != "" {
		t.Error("a kind that is none has a name")
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range []Credential{
		good(),
		{Kind: SSHKey, Method: "publickey", User: "scan", Key: NewSecret("PEM"), Sudo: SudoFree, Hosts: []string{"10.0.0.0/8"}},
		{Kind: ClientCertificate, Method: "certificate", Key: NewSecret("PEM"), Certificate: [][]byte{{1, 2}}},
	} {
		raw, err := c.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"v":2}`))
	f.Add([]byte(`{"v":1,"kind":"ssh-key","x":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := decode(raw)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("decode = %v; want ErrInvalid", err)
			}
			return
		}
		again, err := c.encode()
		if err != nil || len(again)%padding != 0 {
			t.Fatalf("encode = %d bytes, %v", len(again), err)
		}
		back, err := decode(again)
		if err != nil || !cmp.Equal(c, back, cmp.AllowUnexported(Secret{})) {
			t.Fatalf("the round trip differs: %v", err)
		}
	})
}
