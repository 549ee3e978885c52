//go:build integration

package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// credentials waits until Central says the same of each credential.
func (s *site) credentials(want string) {
	s.t.Helper()
	s.until("the credentials stand at "+want, func(ctx context.Context) error {
		all, err := s.Fleet.ListCredentials(ctx, connect.NewRequest(&centralv1.ListCredentialsRequest{SiteId: s.SiteID}))
		if err != nil {
			return err
		}
		if len(all.Msg.GetCredentials()) == 0 {
			return errors.New("there is none")
		}
		for _, c := range all.Msg.GetCredentials() {
			if c.GetState() != want {
				return fmt.Errorf("%s: %s %s", c.GetName(), c.GetState(), c.GetReason())
			}
		}
		return nil
	})
}

// filesWith are files of the stack that have a text.
func (s *site) filesWith(text []byte) (files []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file that a program has just replaced
		}
		if bytes.Contains(raw, text) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// sealed counts the credentials in the appliance's file.
func (s *site) sealed(ctx context.Context) (n int, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "appliance", "state.db")+"?mode=ro")
	if err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM credential").Scan(&n)
	return n, errors.Join(err, db.Close())
}

// TestACredentialReachesTheApplianceAndNobodyElse follows a credential and a
// target from an operator's shell to the appliance and back out: no file and no
// log of any program ever has the secret.
func TestACredentialReachesTheApplianceAndNobodyElse(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	const first, second = "e2e correct horse battery", "e2e another horse entirely"
	secrets := []string{first, second, `CLINIC\e2e-scan`}
	do := func(in string, args ...string) string {
		t.Helper()
		out, err := s.Operator(t.Context(), in, args...)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets[:2] {
			if strings.Contains(out, secret) {
				t.Errorf("osirisctl %v shows the secret: %s", args, out)
			}
		}
		return out
	}
	flags := []string{"clinic", "--kind", "windows-password", "--user", secrets[2]}
	shown := ""
	s.until("the appliance has registered its sealing key", func(ctx context.Context) error {
		out, err := s.Operator(ctx, first+"\n", append([]string{"credential", "add"}, flags...)...)
		shown = out
		return err
	})
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	own, err := exec.CommandContext(t.Context(), built["osiris-appliance"], "sealing-key", "--config", filepath.Join(s.dir, "appliance.yaml")).Output()
	if err != nil || len(own) != 65 || !strings.Contains(shown, strings.TrimSpace(string(own))) {
		t.Errorf("the appliance shows %q (%v), the shell %q; want the same fingerprint", own, err, shown)
	}
	do("", "target", "add", "srv01", "--kind", "windows", "--credential", "clinic", "--host", "127.0.0.1", "--port", "1")
	s.credentials("taken")
	s.until("the appliance has taken the target", func(ctx context.Context) error {
		all, err := s.Fleet.ListTargets(ctx, connect.NewRequest(&centralv1.ListTargetsRequest{SiteId: s.SiteID}))
		if err == nil && len(all.Msg.GetWaitingAppliances()) != 0 {
			err = errors.New("it has not")
		}
		return err
	})
	s.must("killing the appliance", func(context.Context) error { return s.Appliance.Kill() })
	do(second+"\n", append([]string{"credential", "rotate"}, flags...)...)
	s.must("starting it again", s.StartAppliance)
	s.credentials("taken")
	if n, err := s.sealed(t.Context()); n != 1 || err != nil {
		t.Errorf("the appliance has %d credentials, %v; want 1", n, err)
	}
	do("", "target", "rm", "srv01")
	do("", "credential", "rm", "clinic")
	s.until("the appliance has nothing more", func(ctx context.Context) error {
		n, err := s.sealed(ctx)
		if err == nil && n != 0 {
			err = fmt.Errorf("it has %d", n)
		}
		return err
	})
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	for _, secret := range secrets {
		if files := s.filesWith([]byte(secret)); len(files) != 0 {
			t.Errorf("%v have %q", files, secret)
		}
	}
	if files := s.filesWith([]byte("drift received")); len(files) == 0 {
		t.Error("the search finds nothing that is there either")
	}
}
