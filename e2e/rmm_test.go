//go:build integration

package e2e_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// releaseKey signs signature lists. The envelope is made here by hand, from
// trust.proto's words, so that it does not agree with the programs by accident.
type releaseKey struct {
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func newReleaseKey(t *testing.T) releaseKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return releaseKey{public, private}
}

// seal gives an encoded envelope of a list.
func (k releaseKey) seal(t *testing.T, list *trustv1.SignatureList) []byte {
	t.Helper()
	payload, err := proto.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	id := sha256.Sum256(k.public)
	message := append([]byte("osiris/rmm/v1\x00"), id[:]...)
	envelope, err := proto.Marshal(&trustv1.SignedEnvelope{
		Payload: payload, KeyId: id[:], Signature: ed25519.Sign(k.private, append(message, payload...)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// listed is a list of made-up products, each a systemd unit and a folder of /opt.
func listed(version uint64, ids ...string) *trustv1.SignatureList {
	list := &trustv1.SignatureList{
		Version: version, IssuedMs: time.Now().UnixMilli(), ExpiresMs: time.Now().Add(time.Hour).UnixMilli(),
	}
	for _, id := range ids {
		list.Products = append(list.Products, &trustv1.ProductSignature{Id: id, Name: strings.ToUpper(id), Linux: &trustv1.ProductMarks{
			Services: []string{id + "-{id}"}, Paths: []string{"/opt/" + id + "-{id}"}, Packages: []string{id},
		}})
	}
	return list
}

// stamped builds the programs with the key that may sign lists.
func stamped(t *testing.T, k releaseKey) map[string]string {
	t.Helper()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	root, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	built = maps.Clone(built)
	for name, component := range map[string]string{"osiris-agent": "agent", "osiris-appliance": "appliance"} {
		built[name] = filepath.Join(t.TempDir(), name)
		build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", built[name],
			"-ldflags", "-X main.signatureKeys=1:"+hex.EncodeToString(k.public), "./"+component+"/cmd/"+name)
		build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", name, err, out)
		}
	}
	return built
}

// TestAProductIsFoundByASignedList plants a product on a computer and follows
// the list that names it from the appliance's folder to Central's view.
func TestAProductIsFoundByASignedList(t *testing.T) {
	key := newReleaseKey(t)
	s := startWith(t, stamped(t, key), trustv1.Tier_TIER_MONITOR_ONLY)
	for _, folder := range []string{
		"etc/systemd/system", "opt/fakermm-ab12cd", "sys/fs/cgroup/system.slice/fakermm-ab12cd.service", "opt/otherrmm-77", "var/lib/dpkg",
	} {
		if err := os.MkdirAll(filepath.Join(s.Agent.Root(), folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"etc/systemd/system/fakermm-ab12cd.service": "[Service]\nExecStart=/opt/fakermm-ab12cd/agent\n",
		"var/lib/dpkg/status":                       "Package: fakermm\nStatus: install ok installed\nVersion: 4.2.0\n\n",
	} {
		if err := os.WriteFile(filepath.Join(s.Agent.Root(), name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list := func(envelope []byte) {
		path := filepath.Join(s.dir, "appliance", "signatures.bin")
		if err := os.WriteFile(path+".new", envelope, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	logged := func(line string, times int) func(context.Context) error {
		return func(context.Context) error {
			if n := s.count(line); n < times {
				return fmt.Errorf("%q was logged %d times; want %d", line, n, times)
			}
			return nil
		}
	}
	s.until("no list means nothing is known", s.finds("unknown", ""))

	list(key.seal(t, listed(10, "fakermm")))
	s.until("the list reaches the open session", logged("agent: signature list applied", 1))
	s.until("the product is found", s.finds("pass", "FAKERMM ab12cd (running, unexpected)"))

	stranger := newReleaseKey(t)
	for i, envelope := range [][]byte{
		key.seal(t, listed(9)),                                         // older
		stranger.seal(t, listed(20)),                                   // somebody else's
		key.seal(t, &trustv1.SignatureList{Version: 30, ExpiresMs: 1}), // expired
	} {
		list(envelope)
		s.until("the appliance refuses the list", logged("appliance: signature list refused", i+1))
	}
	s.until("the product is still found", s.finds("pass", "FAKERMM ab12cd (running, unexpected)"))

	s.must("stopping the agent", func(context.Context) error { return s.Agent.Stop() })
	list(key.seal(t, listed(11, "fakermm", "otherrmm")))
	s.until("the appliance takes the next list", logged("appliance: signature list taken", 2))
	s.must("starting the agent", s.Agent.Start)
	s.until("the list comes with the welcome", logged("agent: signature list applied", 2))
	s.until("both are found", s.finds("pass", "FAKERMM ab12cd (running, unexpected), OTHERRMM 77 (present, unexpected)"))

	s.must("allowing one instance", func(ctx context.Context) error {
		_, err := s.Fleet.SetPolicy(ctx, connect.NewRequest(&centralv1.SetPolicyRequest{SiteId: s.SiteID, Policy: &trustv1.Policy{
			Ceiling: trustv1.Tier_TIER_SELF_HEAL, CheckIntervalMs: 1000, CheckJitterPercent: 10,
			Parameters: []*trustv1.CheckParameter{{CheckId: "rmm_detection", Name: "allowed", Value: "fakermm:ab12cd"}},
		}}))
		return err
	})
	s.until("only the other is unexpected", s.finds("pass", "FAKERMM ab12cd (running), OTHERRMM 77 (present, unexpected)"))

	said, err := exec.CommandContext(t.Context(), s.Agent.Path, "check", "--json", "--config", s.Agent.Args[2], "rmm_detection").Output()
	want := "id=fakermm;name=FAKERMM;instance=ab12cd;version=4.2.0;running=yes;installed=yes;service_name=fakermm-ab12cd;install_path=/opt/fakermm-ab12cd"
	if err != nil || !strings.Contains(string(said), want) {
		t.Errorf("check --json said %v\n%s\nwant %s", err, said, want)
	}
	if n := s.count("agent: signature list refused"); n != 0 {
		t.Errorf("the agent was sent %d lists that it refused", n)
	}
	s.settled()
	s.proven()
}

// finds fails unless Central shows this outcome of rmm_detection on the one host.
func (s *site) finds(status, actual string) func(context.Context) error {
	return func(ctx context.Context) error {
		hosts, err := s.Fleet.ListHosts(ctx, connect.NewRequest(&centralv1.ListHostsRequest{SiteId: s.SiteID}))
		if err != nil || len(hosts.Msg.GetHosts()) != 1 {
			return fmt.Errorf("Central lists %d hosts; want 1: %w", len(hosts.Msg.GetHosts()), err)
		}
		host, err := s.Fleet.GetHost(ctx, connect.NewRequest(&centralv1.GetHostRequest{SiteId: s.SiteID, HostId: hosts.Msg.GetHosts()[0].GetHostId()}))
		if err != nil {
			return err
		}
		for _, c := range host.Msg.GetChecks() {
			if c.GetCheckId() == "rmm_detection" {
				if c.GetStatus() != status || c.GetActual() != actual {
					return fmt.Errorf("Central shows %s, %q; want %s, %q", c.GetStatus(), c.GetActual(), status, actual)
				}
				return nil
			}
		}
		return errors.New("Central shows nothing of rmm_detection")
	}
}
