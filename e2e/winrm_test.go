//go:build integration

package e2e_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/e2e/stack"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// TestHostsWithoutAnAgentAreScannedAndProven lets the appliance scan a practice of
// Windows hosts over WinRM by each way of signing in and protecting messages that
// needs no domain, beside hosts that cannot be asked.
func TestHostsWithoutAnAgentAreScannedAndProven(t *testing.T) {
	person := newPerson(t)
	l := startLab(t, practice.Config{PlainPort: true, Certificate: person.known}, trustv1.Tier_TIER_MONITOR_ONLY)
	const wrong = "e2e-not-the-password"
	l.must("adding more credentials", func(ctx context.Context) error {
		_, err := l.Operator(ctx, wrong+"\n", "credential", "add", "wrong", "--kind", "windows-password", "--user", l.In.User)
		if err != nil {
			return err
		}
		_, err = l.Operator(ctx, "", "credential", "add", "person", "--kind", "client-certificate", "--certificate", person.certificate, "--key", person.key)
		return err
	})
	// A site's own authority signed this one's certificate, and the appliance does
	// not know it.
	pin := l.present("EXAM-01")

	l.target("DC-01")
	l.target("FILES-01", func(t *centralv1.Target) { t.Credential = "person" })
	l.target("FRONTDESK-01", l.plain("FRONTDESK-01"))
	l.target("FRONTDESK-02")
	l.target("EXAM-01", func(t *centralv1.Target) { t.Pin = pin })
	// Those that cannot be asked.
	l.present("EXAM-02")
	l.target("EXAM-02")
	l.target("NURSES-01", func(t *centralv1.Target) { t.Pin = pin }) // another's
	l.target("BILLING-01", func(t *centralv1.Target) { t.Credential = "wrong" })
	dead, _ := l.host("MANAGER-01")
	l.target("MANAGER-01")
	dead.Machine.Close()
	hung, _ := l.host("XRAY-01")
	l.target("XRAY-01")
	hung.Machine.Hang(true)

	l.judged("DC-01", "spooler", "fail")
	l.judged("FILES-01", "smbv1", "fail")
	l.judged("FRONTDESK-01", "firewall", "fail")
	l.judged("FRONTDESK-02", "firewall", "pass")
	l.judged("EXAM-01", "bitlocker", "fail")
	for name, why := range map[string]string{
		"EXAM-02": "certificate", "NURSES-01": "certificate", "BILLING-01": "credential", "MANAGER-01": "refused", "XRAY-01": "deadline",
	} {
		if state := l.judged(name, "firewall", "unknown"); !strings.Contains(state.GetReason(), why) {
			t.Errorf("%s: %s; want a reason that tells of %q", name, state.GetReason(), why)
		}
	}
	l.reached()
	l.summed(8) // those that are workstations
	l.secretsKept(l.In.Password, wrong, person.secret)
}

// plain makes a target one that is reached without TLS, sealed.
func (l *lab) plain(name string) func(*centralv1.Target) {
	return func(t *centralv1.Target) {
		_, entry := l.host(name)
		_, port, err := net.SplitHostPort(entry.HTTP)
		if err != nil {
			l.t.Fatal(err)
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			l.t.Fatal(err)
		}
		t.Port, t.Http = uint32(n), true
	}
}

// present lets a host show a certificate of a stranger, and gives the pin of its
// key.
func (l *lab) present(name string) []byte {
	l.t.Helper()
	host, entry := l.host(name)
	stranger, err := labca.New("Stranger")
	if err != nil {
		l.t.Fatal(err)
	}
	cert, err := stranger.Host(entry.FQDN, entry.Name)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := host.Machine.Present(cert); err != nil {
		l.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		l.t.Fatal(err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return sum[:]
}

// reached judges from the hosts' side how they were reached.
func (l *lab) reached() {
	l.t.Helper()
	for _, c := range []struct {
		name            string
		sealed, tls, no bool
	}{
		{name: "DC-01", tls: true},
		{name: "FILES-01", tls: true},
		{name: "FRONTDESK-01", sealed: true},
		{name: "EXAM-01", tls: true},
		{name: "EXAM-02", no: true},
		{name: "NURSES-01", no: true},
		{name: "BILLING-01", no: true},
	} {
		h, _ := l.host(c.name)
		st := h.Machine.Service().Stats()
		if st.Plain != 0 || (st.Sealed > 0) != c.sealed || (st.TLS > 0) != c.tls || c.no && st.Logons > 0 {
			l.t.Errorf("%s was reached by %+v", c.name, st)
		}
		if c.name == "BILLING-01" && st.Refusals != 1 {
			l.t.Errorf("a wrong password was tried %d times; want once", st.Refusals)
		}
	}
}

// summed waits for the summary of so many workstations and proves its folder from
// files alone.
func (l *lab) summed(workstations int) {
	l.t.Helper()
	var folder string
	l.until("the workstations are summed up", func(ctx context.Context) error {
		all, err := l.evidence(ctx)
		if err != nil {
			return err
		}
		for _, e := range all {
			if !strings.HasPrefix(e.GetSummary(), "SiteWorkstationSummary") {
				continue
			}
			found, err := filepath.Glob(filepath.Join(l.EvidenceDir(), "*", "*", "*", e.GetBundleId()))
			if err != nil || len(found) != 1 {
				return fmt.Errorf("bundle %s has the folders %v: %w", e.GetBundleId(), found, err)
			}
			content, err := os.ReadFile(filepath.Join(found[0], "bundle.json"))
			if err != nil {
				return err
			}
			var b struct {
				DeviceType string            `json:"device_type"`
				Phase      string            `json:"phase"`
				PostState  map[string]string `json:"post_state"`
			}
			if err := json.Unmarshal(content, &b); err != nil {
				return err
			}
			// The three that answer: two with a fault each.
			if b.PostState["total"] == strconv.Itoa(workstations) && b.PostState["unknown"] == strconv.Itoa(workstations-3) {
				folder = found[0]
				if b.DeviceType != "workstation" || b.Phase != "SiteWorkstationSummary" || b.PostState["failing"] != "2" || b.PostState["passing"] != "1" {
					l.t.Errorf("the summary is %+v", b)
				}
				return nil
			}
		}
		return errors.New("none has them all")
	})
	l.until("the summary is proven", func(ctx context.Context) error {
		if code, said := verify(ctx, l.ctl, folder, "--trust", l.Trust); code != 0 {
			return fmt.Errorf("verify = %d: %s", code, said)
		}
		return nil
	})
}

// secretsKept looks for secrets in the command lines and environments of the
// programs while they run, and in every file when they have ended.
func (l *lab) secretsKept(secrets ...string) {
	l.t.Helper()
	for _, p := range []*stack.Process{l.Central, l.Appliance} {
		for _, name := range []string{"cmdline", "environ"} {
			content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.PID(), name))
			if err != nil || len(content) == 0 {
				l.t.Errorf("reading the %s of %s: %d bytes, %v", name, p.Name, len(content), err)
			}
			for _, secret := range secrets {
				if bytes.Contains(content, []byte(secret)) {
					l.t.Errorf("the %s of %s has a secret", name, p.Name)
				}
			}
		}
	}
	if err := l.Stop(); err != nil {
		l.t.Error(err)
	}
	for i, secret := range secrets {
		if files := l.filesWith([]byte(secret)); len(files) != 0 {
			l.t.Errorf("%v have secret %d", files, i)
		}
	}
	if files := l.filesWith([]byte("sweep ended")); len(files) == 0 {
		l.t.Error("the search finds nothing that is there either")
	}
}

// person signs in with a certificate.
type person struct {
	certificate, key string // files
	secret           string // a part of the key
	der              []byte
}

func newPerson(t *testing.T) *person {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "osiris-scan"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	p := &person{}
	if p.der, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key); err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	// Outside of the folders that are searched for it.
	folder := t.TempDir()
	p.certificate, p.key = filepath.Join(folder, "person.pem"), filepath.Join(folder, "person.key")
	for name, b := range map[string]*pem.Block{p.certificate: {Type: "CERTIFICATE", Bytes: p.der}, p.key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tls.LoadX509KeyPair(p.certificate, p.key); err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	p.secret = strings.Split(text, "\n")[1]
	return p
}

// known maps the certificate to the account.
func (p *person) known(leaf []byte) (string, bool) {
	return "osiris-scan", bytes.Equal(leaf, p.der)
}
