package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/credential"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

// box is an appliance with a sealing key.
type box struct {
	*ct.Appliance
	t    *testing.T
	key  *credential.Key
	held []byte // state of its credentials
	said []*centralv1.CredentialProblem
}

func (b *box) checkIn() *centralv1.CheckInResponse {
	b.t.Helper()
	statement := ct.Value(b.key.Sign(b.Command, b.Identity.GetSiteId(), b.Identity.GetApplianceId()))(b.t)
	m := ct.Value(b.Client.CheckIn(b.t.Context(), connect.NewRequest(&centralv1.CheckInRequest{
		SealingKey: statement, CredentialsState: b.held, CredentialProblems: b.said,
	})))(b.t).Msg
	if m.GetCredentials() != nil {
		b.held = m.GetCredentialsState()
	}
	return m
}

func (b *box) open(c *centralv1.SealedCredential) (credential.Credential, error) {
	return b.key.Open(credential.Place{
		SiteID: b.Identity.GetSiteId(), ApplianceID: b.Identity.GetApplianceId(), Name: c.GetName(),
		Kind: credential.KindOf(c.GetKind()), Version: c.GetVersion(),
	}, c.GetSealed())
}

// said is what a command says, on either stream, with its code.
type said struct {
	code int
	text string
}

func TestACredentialIsSealedHereAndOpensOnlyAtTheAppliance(t *testing.T) {
	c, env := server(t)
	b := &box{Appliance: c.Appliance(c.Site("Lakeside", "Harbour").ID), t: t, key: ct.Value(credential.NewKey())(t)}
	site := b.Identity.GetSiteId()
	const secret, second = "correct horse battery staple", "another horse entirely"
	do := func(in string, args ...string) said {
		t.Helper()
		code, out, err := ctlFrom(t, env, in, append(args, "--site", site)...)
		if strings.Contains(out+err, secret) || strings.Contains(out+err, second) {
			t.Errorf("osirisctl %v shows the secret: %s%s", args, out, err)
		}
		return said{code, out + err}
	}
	expect := func(got said, code int, says ...string) {
		t.Helper()
		for _, want := range says {
			if got.code != code || !strings.Contains(got.text, want) {
				t.Errorf("it ended with %d and says %q; want %d and %q", got.code, got.text, code, want)
			}
		}
	}
	add := []string{"credential", "add", "clinic", "--kind", "windows-password", "--user", `CLINIC\scan`, "--for", "*.clinic.lan"}
	expect(do(secret+"\n", add...), exitError, "registered none yet")
	b.checkIn()
	expect(do("", add...), exitError, "first use of the sealing key", credential.Fingerprint(b.key.Public()), "reading password")
	expect(do(secret+"\n", add...), 0, "is sealed for 1")
	expect(do(secret+"\n", add...), exitError, "which rotate replaces")
	expect(do("", "credential", "list"), 0, "clinic", "windows-password", "waiting")

	m := b.checkIn()
	if n := len(m.GetCredentials().GetCredentials()); n != 1 {
		t.Fatalf("the appliance is given %d credentials; want 1", n)
	}
	first := m.GetCredentials().GetCredentials()[0]
	got := ct.Value(b.open(first))(t)
	if got.Password.Reveal() != secret || got.User != `CLINIC\scan` || got.Method != "ntlm" || got.Allows("ws01.evil.lan") || !got.Allows("ws01.clinic.lan") {
		t.Errorf("opened = %v, for ws01.clinic.lan %t", got, got.Allows("ws01.clinic.lan"))
	}
	if m := b.checkIn(); m.GetCredentials() != nil {
		t.Error("what the appliance holds is sent again")
	}
	expect(do("", "credential", "list"), 0, "taken")
	b.said = []*centralv1.CredentialProblem{{Name: "clinic", Version: first.GetVersion(), Reason: "no such realm"}}
	b.checkIn()
	expect(do("", "credential", "list"), 0, "problem", "no such realm")
	b.said = nil

	expect(do("", "target", "add", "srv01", "--kind", "windows", "--credential", "clinic"), 0, "added")
	expect(do("", "credential", "rm", "clinic"), exitError, "targets name credential")
	rotate := append([]string{"credential", "rotate"}, add[2:]...)
	expect(do(second+"\n", rotate...), 0, "is sealed for 1")
	next := b.checkIn().GetCredentials().GetCredentials()[0]
	if got := ct.Value(b.open(next))(t); got.Password.Reveal() != second || next.GetVersion() <= first.GetVersion() {
		t.Errorf("after the rotation: version %d after %d, %v", next.GetVersion(), first.GetVersion(), got)
	}
	// Central's disk holds neither secret, and after a withdrawal not even the
	// sealed bytes in its main file.
	expect(do("", "credential", "rm", "clinic", "--force"), 0, "withdrawn")
	if m := b.checkIn(); m.GetCredentials() == nil || len(m.GetCredentials().GetCredentials()) != 0 {
		t.Errorf("after the withdrawal the appliance is given %v; want an empty list", m.GetCredentials())
	}
	for _, file := range ct.Value(filepath.Glob(filepath.Join(c.Dir, "central.db*")))(t) {
		raw := ct.Value(os.ReadFile(file))(t)
		if bytes.Contains(raw, []byte(secret)) || bytes.Contains(raw, []byte(second)) || bytes.Contains(raw, []byte(`CLINIC\scan`)) {
			t.Errorf("%s holds what was sealed", file)
		}
	}
	domain := []string{"target", "add", "clinic", "--kind", "domain", "--host", "clinic.lan", "--credential", "ldap", "--scan-with"}
	expect(do(secret+"\n", "credential", "add", "ldap", "--kind", "ldap-bind", "--user", "osiris@clinic.lan", "--for", "clinic.lan"), 0, "is sealed for 1")
	expect(do("", append(domain, "ldap")...), exitError, "ldap is no windows-password")
	expect(do("", append(domain, "scan")...), 0, "added") // it may come later
	expect(do("", "credential", "rm", "ldap", "--force"), 0, "withdrawn")
	line := ct.Value(c.Store.Audits(t.Context(), 0, 1))(t)[0]
	if line.Action != "RemoveCredential" || line.Subject != "ldap" || line.Actor != "tester" {
		t.Errorf("audit line = %+v", line)
	}
}

func TestAChangedSealingKeyIsRefusedUntilItIsNamed(t *testing.T) {
	c, env := server(t)
	b := &box{Appliance: c.Appliance(c.Site("Lakeside", "Harbour").ID), t: t, key: ct.Value(credential.NewKey())(t)}
	b.checkIn()
	do := func(args ...string) said {
		t.Helper()
		code, out, err := ctlFrom(t, env, "s3cret\n", append([]string{"credential"}, append(args, "--site", b.Identity.GetSiteId(), "--user", "scan")...)...)
		return said{code, out + err}
	}
	if got := do("add", "linux", "--kind", "ssh-password"); got.code != 0 {
		t.Fatalf("credential add = %+v", got)
	}
	b.checkIn()
	b.key = ct.Value(credential.NewKey())(t) // the disk was lost
	b.checkIn()
	_, list, _ := ctl(t, env, "credential", "list", "--site", b.Identity.GetSiteId())
	if !strings.Contains(list, "key changed") {
		t.Errorf("credential list does not say that the key changed:\n%s", list)
	}
	if got := do("rotate", "linux", "--kind", "ssh-password"); got.code != exitError || !strings.Contains(got.text, "--accept "+credential.Fingerprint(b.key.Public())) {
		t.Errorf("rotate to a changed key = %+v; want it refused with what to do", got)
	}
	if got := do("rotate", "linux", "--kind", "ssh-password", "--accept", strings.Repeat("ab", 32)); got.code != exitError {
		t.Errorf("rotate with another fingerprint = %+v; want it refused", got)
	}
	if got := do("rotate", "linux", "--kind", "ssh-password", "--accept", credential.Fingerprint(b.key.Public())); got.code != 0 {
		t.Errorf("rotate with the key's fingerprint = %+v", got)
	}
	if got := do("rotate", "linux", "--kind", "ssh-password", "--trust", strings.Repeat("ab", 32)); got.code != exitError || !strings.Contains(got.text, "pinned") {
		t.Errorf("rotate under another root = %+v; want it refused", got)
	}
}

func TestTargetsAreGivenWholeAndAnEmptyListMeansEmpty(t *testing.T) {
	c, env := server(t)
	b := &box{Appliance: c.Appliance(c.Site("Lakeside", "Harbour").ID), t: t, key: ct.Value(credential.NewKey())(t)}
	site := b.Identity.GetSiteId()
	if m := b.checkIn(); m.GetWindowsTargets() == nil || m.GetLinuxTargets() == nil || m.GetWorkstationTargets() == nil {
		t.Error("a site without targets is not given three empty lists")
	}
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"add", "srv01", "--kind", "windows", "--credential", "clinic", "--host", "srv01.clinic.lan", "--port", "15986"}, 0, "added"},
		{[]string{"add", "srv01", "--kind", "windows", "--credential", "clinic"}, exitError, "--replace"},
		{[]string{"add", "ws01", "--kind", "workstation", "--credential", "clinic", "--http", "--lab"}, 0, "added"},
		{[]string{"add", "lin01", "--kind", "linux", "--credential", "ssh", "--host", "10.0.0.5"}, 0, "added"},
		{[]string{"add", "lin02", "--kind", "linux", "--credential", "ssh", "--http"}, exitError, "not for SSH"},
		{[]string{"add", "x", "--kind", "windows", "--credential", "clinic", "--insecure-plain"}, exitError, "basic authentication only"},
		{[]string{"add", "x", "--kind", "mac", "--credential", "clinic"}, exitUsage, "workstation"},
		{[]string{"add", "x", "--kind", "windows"}, exitUsage, "--credential"},
		{[]string{"add", "x", "--kind", "windows", "--credential", "clinic", "--pin", "12"}, exitUsage, "64 hexadecimal"},
		{[]string{"add", "x", "--kind", "windows", "--credential", "clinic", "--host", "a b"}, exitError, "no name and no address"},
		{[]string{"add", "x", "--kind", "windows", "--credential", "clinic", "--appliance", "ap_x"}, exitError, "no live appliance"},
		{[]string{"rm", "nothing"}, exitError, "not found"},
		{[]string{"list"}, 0, "winrm sealed"},
	} {
		code, out, err := ctl(t, env, append([]string{"target"}, append(tt.args, "--site", site)...)...)
		if code != tt.code || !strings.Contains(out+err, tt.says) {
			t.Errorf("target %v = %d: %s%s; want %d and %q", tt.args, code, out, err, tt.code, tt.says)
		}
	}
	m := b.checkIn()
	if w, l, s := m.GetWindowsTargets().GetTargets(), m.GetLinuxTargets().GetTargets(), m.GetWorkstationTargets().GetTargets(); len(w) != 1 || len(l) != 1 || len(s) != 1 ||
		w[0].GetPort() != 15986 || w[0].GetAddedBy() != "tester" || !s[0].GetLab() || l[0].GetHost() != "10.0.0.5" {
		t.Errorf("the appliance is given %v, %v, %v", w, l, s)
	}
	same := ct.Value(b.Client.CheckIn(t.Context(), connect.NewRequest(&centralv1.CheckInRequest{TargetsState: m.GetTargetsState()})))(t).Msg
	if same.GetTargetsState() != nil || same.GetWindowsTargets() != nil {
		t.Error("an appliance that holds the list is told it again")
	}
	for host, want := range map[string]bool{"srv01.clinic.lan": true, "srv02.clinic.lan": false} {
		if code, out, err := ctl(t, env, "target", "add", "srv01", "--site", site, "--kind", "windows", "--credential", "clinic", "--host", "srv01.clinic.lan", "--replace"); code != 0 {
			t.Fatalf("target add --replace = %d: %s%s", code, out, err)
		}
		before := b.checkIn().GetWindowsTargets().GetTargets()[0].GetTargetId()
		ctl(t, env, "target", "add", "srv01", "--site", site, "--kind", "windows", "--credential", "clinic", "--host", host, "--replace")
		if now := b.checkIn().GetWindowsTargets().GetTargets()[0].GetTargetId(); (now == before) != want {
			t.Errorf("after giving the name to %s its id is the same: %t; want %t", host, now == before, want)
		}
	}
	for _, name := range []string{"srv01", "ws01", "lin01"} {
		if code, out, err := ctl(t, env, "target", "rm", name, "--site", site); code != 0 {
			t.Errorf("target rm %s = %d: %s%s", name, code, out, err)
		}
	}
	if m := b.checkIn(); m.GetWindowsTargets() == nil || len(m.GetWindowsTargets().GetTargets())+len(m.GetLinuxTargets().GetTargets())+len(m.GetWorkstationTargets().GetTargets()) != 0 {
		t.Errorf("after removing all the appliance is given %v", m.GetWindowsTargets())
	}
	_, out, _ := ctl(t, env, "target", "list", "--site", site, "--json")
	var list struct {
		Targets []any    `json:"targets"`
		Waiting []string `json:"waiting_appliances"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Waiting) != 1 {
		t.Errorf("target list --json = %v:\n%s", err, out)
	}
}
