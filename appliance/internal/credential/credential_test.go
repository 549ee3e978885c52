package credential_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/credential"
	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	shared "github.com/osiriscare/osiris/shared/credential"
	"github.com/osiriscare/osiris/shared/signed"
)

const secret = "correct horse battery staple"

// appliance is a store of credentials on a folder.
type appliance struct {
	*credential.Store
	t       *testing.T
	dir     string
	state   *store.Store
	command *signed.Key
	log     bytes.Buffer
	key     []byte // public sealing key, as it was registered
}

func open(t *testing.T, dir string, command *signed.Key) *appliance {
	t.Helper()
	a := &appliance{t: t, dir: dir, command: command}
	var err error
	if a.state, err = store.Open(t.Context(), filepath.Join(dir, "state.db"), credential.Schema); err != nil {
		t.Fatal(err)
	}
	a.Store, err = credential.New(t.Context(), credential.Config{
		SiteID: "s_1", ApplianceID: "ap_1", KeyFile: filepath.Join(dir, "sealing.key"), Command: command,
	}, a.state, slog.New(slog.NewTextHandler(&a.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	m := a.tell()
	if a.key, err = shared.OpenKey(m.GetSealingKey(), command.Public(), "s_1", "ap_1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

func (a *appliance) close() {
	if a.state == nil {
		return
	}
	if err := a.state.Close(); err != nil {
		a.t.Error(err)
	}
	a.state = nil
	if strings.Contains(a.log.String(), secret) {
		a.t.Errorf("the log shows the secret:\n%s", a.log.String())
	}
}

func (a *appliance) tell() *centralv1.CheckInRequest {
	a.t.Helper()
	m := &centralv1.CheckInRequest{}
	if err := a.Tell(a.t.Context(), m); err != nil {
		a.t.Fatal(err)
	}
	return m
}

func (a *appliance) seal(name string, version uint64, c shared.Credential) *centralv1.SealedCredential {
	a.t.Helper()
	sealed, err := shared.Seal(a.key, shared.Place{SiteID: "s_1", ApplianceID: "ap_1", Name: name, Kind: c.Kind, Version: version}, c)
	if err != nil {
		a.t.Fatal(err)
	}
	return &centralv1.SealedCredential{Name: name, Kind: c.Kind.Wire(), Version: version, Sealed: sealed}
}

func answer(state string, all ...*centralv1.SealedCredential) *centralv1.CheckInResponse {
	return &centralv1.CheckInResponse{CredentialsState: []byte(state), Credentials: &centralv1.CredentialList{Credentials: all}}
}

func (a *appliance) take(m *centralv1.CheckInResponse) {
	a.t.Helper()
	if _, err := a.Take(a.t.Context(), m); err != nil {
		a.t.Fatal(err)
	}
}

func newCommand(t *testing.T) *signed.Key {
	t.Helper()
	k, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var windows = shared.Credential{
	Kind: shared.WindowsPassword, Method: "kerberos", User: "scan@CLINIC.LAN", Password: shared.NewSecret(secret), Hosts: []string{"*.clinic.lan"},
}

func TestACredentialIsKeptSealedAndOpenedWhenUsed(t *testing.T) {
	dir := t.TempDir()
	command := newCommand(t)
	a := open(t, dir, command)
	if _, _, err := a.Open(t.Context(), "clinic", "ws01.clinic.lan"); !errors.Is(err, credential.ErrNone) {
		t.Errorf("Open before there is one = %v; want ErrNone", err)
	}
	a.take(answer("one", a.seal("clinic", 3, windows)))
	a.close()
	a = open(t, dir, command) // a restart
	if string(a.tell().GetCredentialsState()) != "one" || len(a.tell().GetCredentialProblems()) != 0 {
		t.Errorf("after a restart it tells %v", a.tell())
	}
	w, version, err := a.WinRM(t.Context(), "clinic", "ws01.clinic.lan")
	if err != nil || w.Password != secret || w.User != "scan@CLINIC.LAN" || string(w.Method) != "kerberos" || version != "3" {
		t.Errorf("WinRM = %v version %s, %v", w, version, err)
	}
	if _, _, err := a.WinRM(t.Context(), "clinic", "ws01.evil.lan"); !errors.Is(err, credential.ErrHost) || strings.Contains(err.Error(), secret) {
		t.Errorf("WinRM for another host = %v; want ErrHost", err)
	}
	a.close()
	for _, file := range files(t, dir) {
		if raw := read(t, file); bytes.Contains(raw, []byte(secret)) || bytes.Contains(raw, []byte("scan@CLINIC")) {
			t.Errorf("%s shows what was sealed", file)
		}
	}
}

func TestAWithdrawnCredentialLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, newCommand(t))
	held := a.seal("clinic", 3, windows)
	a.take(answer("one", held, a.seal("other", 1, windows)))
	// An answer that does not speak of credentials withdraws nothing.
	if changed, err := a.Take(t.Context(), &centralv1.CheckInResponse{}); changed || err != nil {
		t.Errorf("Take of nothing = %t, %v", changed, err)
	}
	if _, _, err := a.Open(t.Context(), "clinic", "ws01.clinic.lan"); err != nil {
		t.Errorf("Open after an answer without a list = %v", err)
	}
	a.take(answer("two"))
	for _, name := range []string{"clinic", "other"} {
		if _, _, err := a.Open(t.Context(), name, "ws01.clinic.lan"); !errors.Is(err, credential.ErrNone) {
			t.Errorf("Open(%s) after the withdrawal = %v; want ErrNone", name, err)
		}
	}
	a.close()
	for _, file := range files(t, dir) {
		if bytes.Contains(read(t, file), held.GetSealed()[:64]) {
			t.Errorf("%s still has the sealed bytes", file)
		}
	}
}

func TestAnOlderVersionDoesNotComeBack(t *testing.T) {
	dir := t.TempDir()
	command := newCommand(t)
	a := open(t, dir, command)
	old, next, other := a.seal("clinic", 3, windows), a.seal("clinic", 4, windows), a.seal("other", 1, windows)
	a.take(answer("one", old, other))
	a.take(answer("two", next, other))
	// Central is restored from a backup: the newer one stays, and what the list
	// withdraws is gone.
	a.take(answer("three", old))
	if _, version, err := a.Open(t.Context(), "clinic", "ws01.clinic.lan"); err != nil || version != 4 {
		t.Errorf("beside an older version = %d, %v; want 4 to stay", version, err)
	}
	if _, _, err := a.Open(t.Context(), "other", "ws01.clinic.lan"); !errors.Is(err, credential.ErrNone) {
		t.Errorf("what the same list withdraws = %v; want ErrNone", err)
	}
	a.take(answer("four"))
	for state, c := range map[string]*centralv1.SealedCredential{"five": old, "six": next} {
		a.take(answer(state, c))
		if _, _, err := a.Open(t.Context(), "clinic", "ws01.clinic.lan"); !errors.Is(err, credential.ErrOlder) {
			t.Errorf("version %d after a withdrawal = %v; want ErrOlder", c.GetVersion(), err)
		}
		if p := a.tell().GetCredentialProblems(); len(p) != 1 || p[0].GetVersion() != c.GetVersion() {
			t.Errorf("Central is told %v; want the problem of version %d", p, c.GetVersion())
		}
	}
	a.close()
	a = open(t, dir, command)
	if p := a.tell().GetCredentialProblems(); len(p) != 1 {
		t.Errorf("after a restart Central is told %v; want the problem", p)
	}
	a.take(answer("seven", next))
	if _, _, err := a.Open(t.Context(), "clinic", "ws01.clinic.lan"); !errors.Is(err, credential.ErrOlder) {
		t.Errorf("the withdrawn version a second time = %v; want ErrOlder", err)
	}
	a.take(answer("eight", a.seal("clinic", 5, windows)))
	if _, version, err := a.Open(t.Context(), "clinic", "ws01.clinic.lan"); err != nil || version != 5 {
		t.Errorf("a newer version = %d, %v; want 5", version, err)
	}
}

func TestWhatDoesNotOpenIsToldAndTheOthersWork(t *testing.T) {
	dir := t.TempDir()
	command := newCommand(t)
	a := open(t, dir, command)
	moved := a.seal("admin", 9, windows)
	moved.Name = "clinic" // Central, or whoever holds its database, renames it
	a.take(answer("one", moved, a.seal("good", 1, windows)))
	problems := a.tell().GetCredentialProblems()
	if len(problems) != 1 || problems[0].GetName() != "clinic" || problems[0].GetVersion() != 9 {
		t.Errorf("problems = %v; want clinic", problems)
	}
	if _, _, err := a.Open(t.Context(), "clinic", "x.clinic.lan"); !errors.Is(err, shared.ErrSealed) {
		t.Errorf("Open of a credential that was moved = %v; want ErrSealed", err)
	}
	if _, _, err := a.Open(t.Context(), "good", "x.clinic.lan"); err != nil {
		t.Errorf("Open of another = %v", err)
	}
	a.close()
	if err := os.Remove(filepath.Join(dir, "sealing.key")); err != nil {
		t.Fatal(err)
	}
	a = open(t, dir, command) // with a new key
	if n := len(a.tell().GetCredentialProblems()); n != 2 {
		t.Errorf("after the key was lost there are %d problems; want 2", n)
	}
}

func TestACredentialGoesDownItsOwnRoadOnly(t *testing.T) {
	a := open(t, t.TempDir(), newCommand(t))
	ssh := shared.Credential{Kind: shared.SSHPassword, Method: "password", User: "scan", Password: shared.NewSecret(secret)}
	pair := shared.Credential{Kind: shared.ClientCertificate, Method: "certificate", Key: shared.NewSecret(secret), Certificate: [][]byte{{1}}}
	a.take(answer("one", a.seal("linux", 1, ssh), a.seal("pair", 1, pair)))
	if _, _, err := a.WinRM(t.Context(), "linux", "x"); !errors.Is(err, credential.ErrKind) {
		t.Errorf("WinRM of an SSH password = %v; want ErrKind", err)
	}
	key := shared.Credential{
		Kind: shared.SSHKey, Method: "publickey", User: "scan", Key: shared.NewSecret("PEM"), Passphrase: shared.NewSecret("locked"),
		Sudo: shared.SudoPassword, SudoSecret: shared.NewSecret("root"),
	}
	a.take(answer("zero", a.seal("linux", 1, ssh), a.seal("pair", 1, pair), a.seal("key", 1, key)))
	if c, version, err := a.SSH(t.Context(), "linux", "x"); err != nil || c.Password != secret || len(c.Key) != 0 || version != "1" {
		t.Errorf("SSH by password = %v version %s, %v", c, version, err)
	}
	if c, _, err := a.SSH(t.Context(), "key", "x"); err != nil || string(c.Key) != "PEM" || c.Passphrase != "locked" || c.Sudo != "password" || c.SudoSecret != "root" {
		t.Errorf("SSH by key = %v, %v", c, err)
	}
	if _, _, err := a.SSH(t.Context(), "pair", "x"); !errors.Is(err, credential.ErrKind) {
		t.Errorf("SSH of a client certificate = %v; want ErrKind", err)
	}
	a.take(answer("one", a.seal("linux", 1, ssh), a.seal("pair", 1, pair)))
	if _, _, err := a.WinRM(t.Context(), "pair", "x"); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("WinRM of a broken pair = %v; want an error without the key", err)
	}
	for name, m := range map[string]*centralv1.CheckInResponse{
		"a name that is none": answer("x", &centralv1.SealedCredential{Name: "a b", Kind: 1, Version: 1}),
		"a kind that is none": answer("x", &centralv1.SealedCredential{Name: "ab", Kind: 99, Version: 1}),
		"no version":          answer("x", &centralv1.SealedCredential{Name: "ab", Kind: 1}),
		"a name twice":        answer("x", a.seal("ab", 1, ssh), a.seal("ab", 2, ssh)),
		"too many bytes":      answer("x", &centralv1.SealedCredential{Name: "ab", Kind: 1, Version: 1, Sealed: make([]byte, shared.MaxSealed+1)}),
	} {
		if changed, err := a.Take(context.Background(), m); changed || err == nil {
			t.Errorf("Take of %s = %t, %v; want it refused", name, changed, err)
		}
	}
	if state := a.tell().GetCredentialsState(); string(state) != "one" {
		t.Errorf("after refusals the state is %q", state)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "state.db*"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no files: %v", err)
	}
	return all
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
