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
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/e2e/stack"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
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

// TestAnIdentityLives is the life of a computer's identity: renewed at half its
// life, renewed after its end and held until the policy was read, copied to a
// second computer and found out, enrolled again, approved, revoked.
func TestAnIdentityLives(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_SELF_HEAL)
	id := s.agentID(s.Agent)
	now := time.Now()

	t.Log("past half of its life it is renewed, for a new key")
	s.age(s.Agent, now.Add(-20*day), now.Add(10*day))
	old := s.certificates(s.Agent)[0]
	s.restart(s.Agent)
	fresh := s.certificates(s.Agent)[0]
	if left := time.Until(fresh.NotAfter); left < 29*day || fresh.Subject.CommonName != id {
		t.Errorf("the certificate of %s is good for %s; want 30 days of %s", fresh.Subject.CommonName, left, id)
	}
	if bytes.Equal(old.RawSubjectPublicKeyInfo, fresh.RawSubjectPublicKeyInfo) {
		t.Error("it is for the same key; a copy of the machine would never be found out")
	}
	s.held(id, "", false)

	t.Log("past its end, too, any number of times, and held until it has read the policy")
	for range 2 {
		s.age(s.Agent, now.Add(-60*day), now.Add(-time.Hour))
		quarantined := s.count("appliance: quarantine changed")
		s.restart(s.Agent)
		s.held(id, "", false)
		if s.count("appliance: quarantine changed") == quarantined {
			t.Error("an expired certificate was renewed without quarantine")
		}
	}

	t.Log("a copy of the machine is found out when both have renewed")
	s.age(s.Agent, now.Add(-20*day), now.Add(10*day))
	twin := s.copy(s.Agent)
	s.restart(s.Agent)
	s.held(id, "", false)
	s.must("starting the copy", twin.Start)
	s.held(id, "clone", false)

	t.Log("a person decides for the first; the copy gets no session any more")
	s.must("releasing", func(ctx context.Context) error {
		_, err := s.appliance(ctx, "agent", "release", id, "--reason", "the copy is a test machine")
		return err
	})
	s.held(id, "", false)
	s.until("the copy was refused", func(context.Context) error {
		log, err := os.ReadFile(filepath.Join(s.dir, "logs", strings.ReplaceAll(twin.Name, " ", "-")+".log"))
		if err == nil && !bytes.Contains(log, []byte("enrol again")) {
			err = errors.New("its log does not say so")
		}
		return err
	})
	if err := twin.Stop(); err != nil {
		t.Fatal(err)
	}

	t.Log("the copy enrols again, as an agent of its own that waits for approval")
	token := filepath.Join(t.TempDir(), "token")
	s.must("making a token", func(ctx context.Context) error {
		_, err := s.appliance(ctx, "token", "new", "--out", token, "--kind", "rollout", "--tier", "1")
		return err
	})
	text, err := os.ReadFile(token)
	if err != nil {
		t.Fatal(err)
	}
	if code, said := s.agent(twin, string(text), "enrol", "--again", "--stdin"); code != 0 {
		t.Fatalf("enrol --again = %d: %s", code, said)
	}
	second := s.agentID(twin)
	if second == id {
		t.Fatal("the copy is still the same agent")
	}
	s.held(second, "", true)
	s.restart(twin)
	s.must("approving", func(ctx context.Context) error {
		_, err := s.appliance(ctx, "agent", "approve", second, "--reason", "it is the test machine")
		return err
	})
	s.held(second, "", false)
	s.held(id, "", false)

	t.Log("revoked, it is out at once and stays out; the other goes on")
	sessions, refused := s.count(twin.Name+": connected"), s.count(twin.Name+": disconnected")
	s.must("revoking", func(ctx context.Context) error {
		_, err := s.Fleet.RevokeAgent(ctx, connect.NewRequest(&centralv1.RevokeAgentRequest{SiteId: s.SiteID, AgentId: second, Reason: "scrapped"}))
		return err
	})
	s.until("the revoked agent has been refused", func(context.Context) error {
		if s.count(twin.Name+": disconnected") < refused+2 {
			return errors.New("it has not")
		}
		return nil
	})
	if s.count(twin.Name+": connected") != sessions {
		t.Error("a revoked agent got another session")
	}
	if err := twin.Stop(); err != nil {
		t.Fatal(err)
	}
	passed := s.count(s.Agent.Name + ": fail")
	s.write(s.Agent, broken)
	s.until("the other agent still reports", func(context.Context) error {
		if s.count(s.Agent.Name+": fail") == passed {
			return errors.New("it does not")
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

// TestAReplacedApplianceIsTakenByItsAgents loses the appliance with everything it
// knew and claims another one for the site. Nobody touches the agent.
func TestAReplacedApplianceIsTakenByItsAgents(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_SELF_HEAL)
	s.rewound = true
	id := s.agentID(s.Agent)
	before := s.count(s.Agent.Name + ": connected")
	if err := s.Appliance.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(s.dir, "appliance"), filepath.Join(s.dir, "the-dead-appliance")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.dir, "appliance"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.must("making another provisioning code", func(ctx context.Context) error {
		code, err := s.Fleet.CreateProvisioningCode(ctx, connect.NewRequest(&centralv1.CreateProvisioningCodeRequest{SiteId: s.SiteID}))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(s.dir, "provisioning"), []byte(code.Msg.GetProvisioning()+"\n"), 0o600)
	})
	s.must("starting the new appliance", s.StartAppliance)
	s.connected(s.Agent, before)
	if got := s.agentID(s.Agent); got != id {
		t.Errorf("the agent is %s now; want %s as before", got, id)
	}
	// The new appliance has no evidence of this enrolment: the agent is watched
	// until a person has looked.
	s.held(id, "", true)
	s.must("approving", func(ctx context.Context) error {
		_, err := s.appliance(ctx, "agent", "approve", id, "--reason", "it was ours before")
		return err
	})
	s.held(id, "", false)
}
