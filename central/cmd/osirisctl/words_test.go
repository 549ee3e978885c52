package main

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"golang.org/x/crypto/ssh"

	"github.com/osiriscare/osiris/shared/credential"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

func TestWhatIsAskedOrWrittenWronglyIsAnsweredWithWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		says string
		not  string
	}{
		{[]string{"target", "--help"}, 0, "target reset-host-key NAME", "credential add"},
		{[]string{"credential", "help"}, 0, "credential rotate NAME", "target add"},
		{[]string{"target"}, exitUsage, "osirisctl target --help", "no command"},
		{[]string{"target", "erase"}, exitUsage, "osirisctl target --help", ""},
		{[]string{"nonsense", "--help"}, exitUsage, "no command", ""},
		{[]string{"runbook", "list", "--platform", "mac"}, exitUsage, "windows, darwin, linux", ""},
		{[]string{"runbook", "list", "--check", "nonsense"}, exitUsage, "is no check", ""},
		{[]string{"runbook", "list", "--check", "firewall", "--platform", "windows"}, 0, "windows.firewall.enable", ""},
	} {
		code, out, err := ctl(t, nil, tt.args...)
		if code != tt.code || !strings.Contains(out+err, tt.says) || tt.not != "" && strings.Contains(out+err, tt.not) {
			t.Errorf("osirisctl %v = %d: %s%s; want %d, %q and not %q", tt.args, code, out, err, tt.code, tt.says, tt.not)
		}
	}
}

func TestAnAnswerOfCentralIsSaidOnceAndWithoutItsCode(t *testing.T) {
	for _, tt := range []struct {
		before, answer string
		code           connect.Code
		want           string
	}{
		{"listing: ", "reading site X: not found", connect.CodeNotFound, "listing: reading site X: not found; `osirisctl sites` shows what there is"},
		{"reading host X: ", "reading host X: not found", connect.CodeNotFound, "reading host X: not found; `osirisctl hosts` shows what there is"},
		{"removing target x: ", `removing target "x" of s_1: not found`, connect.CodeNotFound, `removing target x: removing target "x" of s_1: not found; ` + "`osirisctl target list` shows what there is"},
		{"adding target x: ", "not a target: no", connect.CodeInvalidArgument, "adding target x: not a target: no"},
	} {
		err := fmt.Errorf("%s%w", tt.before, connect.NewError(tt.code, errors.New(tt.answer)))
		if got := explain(err).Error(); got != tt.want {
			t.Errorf("explain(%q) = %q; want %q", err, got, tt.want)
		}
	}
}

func TestAKeyThatDoesNotOpenIsNotSealed(t *testing.T) {
	c, env := server(t)
	b := &box{Appliance: c.Appliance(c.Site("Lakeside", "Harbour").ID), t: t, key: ct.Value(credential.NewKey())(t)}
	b.checkIn()
	dir := t.TempDir()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open := write("open", pem.EncodeToMemory(ct.Value(ssh.MarshalPrivateKey(private, ""))(t)))
	locked := write("locked", pem.EncodeToMemory(ct.Value(ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("s3same")))(t)))
	none := write("none", []byte("ws01\n"))
	for _, tt := range []struct {
		name, in string
		args     []string
		code     int
		says     string
	}{
		{"without a key", "", nil, exitUsage, "--key is missing"},
		{"a file that is no key", "", []string{"--key", none}, exitError, "no private key"},
		{"a key with a passphrase, without it", "", []string{"--key", locked}, exitUsage, "--passphrase is missing"},
		{"another passphrase", "open\n", []string{"--key", locked, "--passphrase"}, exitError, "does not open"},
		{"a fingerprint that is no key's", "", []string{"--key", open, "--accept", "00"}, exitError, "names none"},
		{"its passphrase", "s3same\n", []string{"--key", locked, "--passphrase"}, 0, "wherever a target names it"},
		{"a known key, and a fingerprint that is not its", "", []string{"--key", open, "--accept", "00"}, exitError, "names none"},
	} {
		code, out, err := ctlFrom(t, env, tt.in, append([]string{"credential", "add", "linux", "--kind", "ssh-key", "--user", "scan"}, tt.args...)...)
		if code != tt.code || !strings.Contains(out+err, tt.says) {
			t.Errorf("%s = %d: %s%s; want %d and %q", tt.name, code, out, err, tt.code, tt.says)
		}
		_, remembered := os.Stat(filepath.Join(env["OSIRIS_CONFIG_DIR"], pinFile))
		if sealed := remembered == nil; tt.code != 0 && sealed && !strings.HasPrefix(tt.name, "a known key") {
			t.Errorf("%s: the sealing key is remembered though nothing was sealed", tt.name)
		}
	}
	if code, out, err := ctlFrom(t, env, "", "credential", "add", "web", "--kind", "client-certificate"); code != exitUsage || !strings.Contains(out+err, "--key is missing") {
		t.Errorf("a certificate without a key = %d: %s%s", code, out, err)
	}
}

func TestARotationKeepsTheKindAndSaysTheLimits(t *testing.T) {
	c, env := server(t)
	b := &box{Appliance: c.Appliance(c.Site("Lakeside", "Harbour").ID), t: t, key: ct.Value(credential.NewKey())(t)}
	b.checkIn()
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"rotate", "ldap", "--user", "scan"}, exitError, "osirisctl credential list"},
		{[]string{"add", "ldap", "--user", "scan", "--kind", "ldap-bind", "--for", "clinic.lan"}, 0, "ldap-bind, user scan, by simple, for clinic.lan"},
		{[]string{"rotate", "ldap", "--user", "scan", "--kind", "windows-password"}, exitError, "is a ldap-bind"},
		{[]string{"rotate", "ldap", "--user", "scan", "--for", "clinic.lan"}, 0, "ldap-bind, user scan, by simple, for clinic.lan"},
		{[]string{"rotate", "ldap", "--user", "scan"}, 0, "wherever a target names it"},
	} {
		code, out, err := ctlFrom(t, env, "s3cret\n", append([]string{"credential"}, tt.args...)...)
		if code != tt.code || !strings.Contains(out+err, tt.says) {
			t.Errorf("credential %v = %d: %s%s; want %d and %q", tt.args, code, out, err, tt.code, tt.says)
		}
	}
}

func TestReplaceKeepsWhatIsNotNamed(t *testing.T) {
	c, env := server(t)
	b := &box{Appliance: c.Appliance(c.Site("Lakeside", "Harbour").ID), t: t, key: ct.Value(credential.NewKey())(t)}
	pin := strings.Repeat("ab", 32)
	add := func(code int, says string, args ...string) {
		t.Helper()
		got, out, err := ctl(t, env, append([]string{"target", "add", "desk"}, args...)...)
		if got != code || !strings.Contains(out+err, says) {
			t.Errorf("target add %v = %d: %s%s; want %d and %q", args, got, out, err, code, says)
		}
	}
	add(exitError, "target list", "--replace", "--lab")
	add(0, "there is no credential clinic yet", "--kind", "workstation", "--credential", "clinic", "--host", "10.0.0.9", "--port", "15986", "--tls-name", "desk.clinic.lan", "--pin", pin)
	add(0, "workstation 10.0.0.9, port 15986, winrm tls, pinned, credential clinic, lab", "--replace", "--lab")
	got := b.checkIn().GetWorkstationTargets().GetTargets()[0]
	if got.GetHost() != "10.0.0.9" || got.GetPort() != 15986 || got.GetTlsName() != "desk.clinic.lan" || len(got.GetPin()) != 32 || !got.GetLab() {
		t.Errorf("after --replace --lab the target is %v; want the rest as it was", got)
	}
	add(0, "winrm tls, pinned, credential clinic;", "--replace", "--lab=false")
	add(0, "lab", "--replace", "--lab")
	add(0, "workstation 10.0.0.10, port 5986, winrm tls, credential clinic;", "--replace", "--host", "10.0.0.10")
	next := b.checkIn().GetWorkstationTargets().GetTargets()[0]
	if next.GetTlsName() != "" || len(next.GetPin()) != 0 || next.GetLab() || next.GetTargetId() == got.GetTargetId() {
		t.Errorf("a target of another host keeps what was said of the former: %v", next)
	}
}

func TestATargetWhoseCredentialDoesNotFitIsDoubted(t *testing.T) {
	c, env := server(t)
	b := &box{Appliance: c.Appliance(c.Site("Lakeside", "Harbour").ID), t: t, key: ct.Value(credential.NewKey())(t)}
	b.checkIn()
	if code, out, err := ctlFrom(t, env, "s3cret\n", "credential", "add", "clinic", "--kind", "windows-password", "--user", "scan", "--for", "*.clinic.lan"); code != 0 {
		t.Fatalf("credential add = %d: %s%s", code, out, err)
	}
	for _, tt := range []struct{ name, kind, credential, says string }{
		{"srv01", "windows", "clinic", ""},
		{"lin01", "linux", "clinic", "target lin01: credential clinic is a windows-password, which does not sign in to a linux target"},
		{"srv02", "windows", "NONSENSE", "target srv02: there is no credential NONSENSE yet"},
	} {
		code, _, err := ctl(t, env, "target", "add", tt.name, "--kind", tt.kind, "--credential", tt.credential)
		if code != 0 || !strings.Contains(err, tt.says) || tt.says == "" && strings.Contains(err, "target "+tt.name) {
			t.Errorf("target add %s = %d: %s; want it added, and %q", tt.name, code, err, tt.says)
		}
	}
	code, _, err := ctl(t, env, "target", "list")
	if code != 0 || strings.Count(err, "osirisctl: target ") != 2 {
		t.Errorf("target list = %d: %s; want both said again", code, err)
	}
}
