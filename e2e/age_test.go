//go:build integration

package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/osiriscare/osiris/e2e/stack"
)

const day = 24 * time.Hour

// agentRow is a line of osiris-appliance agent list --json.
type agentRow struct {
	ID         string `json:"agent_id"`
	Pending    bool   `json:"pending"`
	Quarantine string `json:"quarantine"`
}

// appliance runs a verb of the appliance.
func (s *site) appliance(ctx context.Context, args ...string) (string, error) {
	built, err := programs()
	if err != nil {
		return "", err
	}
	args = append(args, "--config", filepath.Join(s.dir, "appliance.yaml"))
	out, err := exec.CommandContext(ctx, built["osiris-appliance"], args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("osiris-appliance %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// agent runs a verb of the agent with a computer's configuration and gives the
// exit code.
func (s *site) agent(c *stack.Computer, stdin string, args ...string) (int, string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), c.Path, append(args, "--config", s.conf(c))...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (s *site) conf(c *stack.Computer) string {
	return filepath.Join(filepath.Dir(c.Data()), "agent.conf")
}

// row finds an agent in the appliance's list.
func (s *site) row(ctx context.Context, id string) (agentRow, error) {
	out, err := s.appliance(ctx, "agent", "list", "--json")
	if err != nil {
		return agentRow{}, err
	}
	var all []agentRow
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		return agentRow{}, err
	}
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
	}
	return agentRow{}, fmt.Errorf("no agent %s in %s", id, out)
}

// held waits until the appliance says why an agent is held.
func (s *site) held(id, quarantine string, pending bool) {
	s.t.Helper()
	s.until(fmt.Sprintf("agent %s has quarantine %q, pending %v", id, quarantine, pending), func(ctx context.Context) error {
		r, err := s.row(ctx, id)
		if err == nil && (r.Quarantine != quarantine || r.Pending != pending) {
			err = fmt.Errorf("it is %+v", r)
		}
		return err
	})
}

// certificates are a computer's own and what it shows above it.
func (s *site) certificates(c *stack.Computer) []*x509.Certificate {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.Data(), "certificate.der"))
	if err != nil {
		s.t.Fatal(err)
	}
	certs, err := x509.ParseCertificates(content)
	if err != nil {
		s.t.Fatal(err)
	}
	return certs
}

func (s *site) agentID(c *stack.Computer) string { return s.certificates(c)[0].Subject.CommonName }

// age stops a computer's agent and gives it and the appliance the certificate
// that they would have had: of the same key, valid for these dates.
func (s *site) age(c *stack.Computer, notBefore, notAfter time.Time) {
	s.t.Helper()
	if err := c.Stop(); err != nil {
		s.t.Fatal(err)
	}
	der, err := os.ReadFile(filepath.Join(s.dir, "appliance", "identity", "ca.key"))
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		s.t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		s.t.Fatal(err)
	}
	certs := s.certificates(c)
	template := *certs[0]
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, notBefore, notAfter
	leaf, err := x509.CreateCertificate(rand.Reader, &template, certs[1], certs[0].PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	content := bytes.Join([][]byte{leaf, certs[1].Raw, certs[2].Raw}, nil)
	if err := os.WriteFile(filepath.Join(c.Data(), "certificate.der"), content, 0o600); err != nil {
		s.t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "appliance", "state.db")+"?_pragma=busy_timeout(20000)")
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = db.ExecContext(s.t.Context(), "UPDATE agent SET serial = ?, certificate = ?, not_after_ms = ? WHERE agent_id = ?",
		serial.Bytes(), leaf, notAfter.UnixMilli(), template.Subject.CommonName)
	if err := errors.Join(err, db.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// restart starts a computer's agent and waits for a session.
func (s *site) restart(c *stack.Computer) {
	s.t.Helper()
	before := s.count(c.Name + ": connected")
	s.must("starting "+c.Name, c.Start)
	s.connected(c, before)
}

func (s *site) connected(c *stack.Computer, before int) {
	s.t.Helper()
	s.until(c.Name+" has a session", func(context.Context) error {
		if s.count(c.Name+": connected") == before {
			return errors.New("it has none")
		}
		return nil
	})
}

// copy makes a second computer of a stopped one, as a disk image does.
func (s *site) copy(c *stack.Computer) *stack.Computer {
	s.t.Helper()
	twin, err := s.Computer()
	if err != nil {
		s.t.Fatal(err)
	}
	from, to := filepath.Dir(c.Data()), filepath.Dir(twin.Data())
	if err := os.RemoveAll(to); err != nil {
		s.t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		s.t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(to, "agent.conf"))
	if err != nil {
		s.t.Fatal(err)
	}
	content = bytes.ReplaceAll(content, []byte(from+string(os.PathSeparator)), []byte(to+string(os.PathSeparator)))
	if err := os.WriteFile(filepath.Join(to, "agent.conf"), content, 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(twin.Data(), 0o700); err != nil { // CopyFS widens modes
		s.t.Fatal(err)
	}
	return twin
}
