package uplink_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/appliance/internal/evidence"
	"github.com/osiriscare/osiris/appliance/internal/identity"
	"github.com/osiriscare/osiris/appliance/internal/policy"
	"github.com/osiriscare/osiris/appliance/internal/rehearsal"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"
)

// central is a small working Central: it keeps what it is sent and cosigns.
type central struct {
	centralv1connect.UnimplementedApplianceServiceHandler
	site    *rehearsal.Site
	witness *logproof.Witness
	server  *httptest.Server
	pin     [32]byte

	mu      sync.Mutex
	away    bool
	refuse  error // the answer to evidence, if set
	origin  string
	entries []*centralv1.LogEntry
	note    []byte // newest cosigned checkpoint
	checks  []*centralv1.CheckInRequest
	answer  *centralv1.CheckInResponse // to the next check-in
	claims  []*centralv1.ClaimRequest
}

var errAway = connect.NewError(connect.CodeUnavailable, errors.New("gone fishing"))

func newCentral(t *testing.T, site *rehearsal.Site) *central {
	t.Helper()
	c := &central{site: site, origin: site.Identity.Claim.GetLogOrigin()}
	c.witness = logproof.NewWitness(logproof.WitnessName(site.Root.ID()), site.Witness)
	site.Doc.WitnessVkeys = []string{c.witness.VKey()}
	site.Doc.Version++
	_, handler := centralv1connect.NewApplianceServiceHandler(c)
	c.server = httptest.NewUnstartedServer(handler)
	c.server.EnableHTTP2 = true
	c.server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{c.certificate(t)}}
	c.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	return c
}

// certificate makes a CA and a server certificate; the CA's key is the pin.
func (c *central) certificate(t *testing.T) tls.Certificate {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "central"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	must(err)
	parsed, err := x509.ParseCertificate(caDER)
	must(err)
	c.pin = sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parsed, &key.PublicKey, caKey)
	must(err)
	return tls.Certificate{Certificate: [][]byte{der, caDER}, PrivateKey: key}
}

func (c *central) provision() identity.Provision {
	return identity.Provision{
		Code: "0123456789ABCDEF", CentralURL: c.server.URL, CentralRoot: c.site.Root.ID().String(),
		TLSPin: hex.EncodeToString(c.pin[:]), SiteID: rehearsal.SiteID,
	}
}

func (c *central) set(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

func (c *central) Claim(_ context.Context, r *connect.Request[centralv1.ClaimRequest]) (*connect.Response[centralv1.ClaimResponse], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return nil, errAway
	}
	c.claims = append(c.claims, r.Msg)
	return connect.NewResponse(c.site.Identity.Claim), nil
}

func (c *central) CheckIn(_ context.Context, r *connect.Request[centralv1.CheckInRequest]) (*connect.Response[centralv1.CheckInResponse], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return nil, errAway
	}
	c.checks = append(c.checks, r.Msg)
	answer := c.answer
	if c.answer = nil; answer == nil {
		answer = &centralv1.CheckInResponse{}
	}
	return connect.NewResponse(answer), nil
}

func (c *central) WitnessState(context.Context, *connect.Request[centralv1.WitnessStateRequest]) (*connect.Response[centralv1.WitnessStateResponse], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return nil, errAway
	}
	return connect.NewResponse(&centralv1.WitnessStateResponse{LogOrigin: c.origin, Size: uint64(len(c.entries)), Checkpoint: c.note}), nil
}

func (c *central) FetchEvidence(_ context.Context, r *connect.Request[centralv1.FetchEvidenceRequest]) (*connect.Response[centralv1.FetchEvidenceResponse], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := min(r.Msg.GetFrom(), uint64(len(c.entries)))
	end := min(from+uint64(r.Msg.GetLimit()), uint64(len(c.entries)))
	return connect.NewResponse(&centralv1.FetchEvidenceResponse{Entries: c.entries[from:end]}), nil
}

func (c *central) SubmitEvidence(_ context.Context, r *connect.Request[centralv1.SubmitEvidenceRequest]) (*connect.Response[centralv1.SubmitEvidenceResponse], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.away:
		return nil, errAway
	case c.refuse != nil:
		return nil, c.refuse
	case r.Msg.GetLogOrigin() != c.origin || r.Msg.GetEntries()[0].GetIndex() != uint64(len(c.entries)):
		return connect.NewResponse(&centralv1.SubmitEvidenceResponse{Size: uint64(len(c.entries))}), nil
	}
	log, err := logproof.LogVerifier(c.site.Doc.GetAppliances()[0].GetLogVkeys()[0])
	if err != nil {
		return nil, err
	}
	if c.note, err = c.witness.Cosign(r.Msg.GetCheckpoint(), log, time.Now()); err != nil {
		return nil, err
	}
	c.entries = append(c.entries, r.Msg.GetEntries()...)
	return connect.NewResponse(&centralv1.SubmitEvidenceResponse{Cosigned: c.note, Size: uint64(len(c.entries))}), nil
}

// box is an appliance's evidence with its uplink.
type box struct {
	policy    *policy.Holder
	evidence  *evidence.Evidence
	uplink    *uplink.Uplink
	seen      []bundle.Bundle
	said      *sayings // what the uplink logged
	restored  int
	decisions []*trustv1.SignedEnvelope
	stop      func()
}

// Hosts and the others are the State that is told.
func (b *box) Hosts() []*centralv1.HostStatus {
	return []*centralv1.HostStatus{{HostId: "h_1", Connected: true}}
}
func (b *box) OpenIncidents(context.Context) (uint32, error) { return 7, nil }
func (b *box) Waiting(context.Context) (uint64, error)       { return 2, nil }
func (b *box) Seen(s bundle.Bundle) error                    { b.seen = append(b.seen, s); return nil }
func (b *box) Decided(context.Context) (uint64, error)       { return 3, nil }
func (b *box) Obey(_ context.Context, d []*trustv1.SignedEnvelope) (int, error) {
	b.decisions = append(b.decisions, d...)
	return len(d), nil
}
func (b *box) Restored(context.Context) error { b.restored++; return nil }

// open starts a box on dir; begun says whether it compares and sends.
func open(t *testing.T, c *central, dir string) *box {
	t.Helper()
	b := &box{said: &sayings{}}
	id := *c.site.Identity
	id.Provision = c.provision()
	chain, err := c.site.Chain()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := c.site.Policy()
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), filepath.Join(dir, "state.db"), policy.Schema)
	if err != nil {
		t.Fatal(err)
	}
	b.policy, err = policy.New(t.Context(), policy.Config{Pin: c.site.Pin(), SiteID: rehearsal.SiteID, Trust: chain, Policy: signed}, st)
	if err != nil {
		t.Fatal(err)
	}
	b.evidence, err = evidence.New(t.Context(), evidence.Config{
		Path: filepath.Join(dir, "evidence.db"), Origin: id.Claim.GetLogOrigin(), SiteID: rehearsal.SiteID,
		ApplianceID: rehearsal.ApplianceID, CommandKey: id.Command.Public(),
	}, id.Bundle, id.Log, b.policy, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	b.uplink, err = uplink.New(uplink.Deps{
		Identity: &id, Policy: b.policy, Log: b.evidence, Evidence: b.evidence, State: b, Agents: b, Restored: b,
		Renewed:  func(*identity.Identity) error { return nil },
		Interval: time.Hour, Hostname: "box", Version: "1", Logger: slog.New(b.said),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.evidence.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-done, b.evidence.Close(), st.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(b.stop)
	return b
}

// run runs the uplink until the returned function is called.
func (b *box) run(t *testing.T) (end func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.uplink.Run(ctx) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	t.Cleanup(end)
	return end
}

func (b *box) add(t *testing.T, n ...int) {
	t.Helper()
	for _, i := range n {
		_, err := b.evidence.Add(t.Context(), evidence.Draft{Bundle: bundle.Bundle{
			BundleID: bundle.ID("ag_1", "q", uint64(i), "received"), Kind: bundle.KindObservation, Outcome: bundle.OutcomeNone, //nolint:gosec // small
			AgentID: "ag_1", QueueID: "q", Seq: uint64(i), //nolint:gosec // small
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// witnessed waits until the newest cosigned size is n.
func (b *box) witnessed(t *testing.T, n uint64) {
	t.Helper()
	for range 3000 {
		_, size, err := b.evidence.LastCosigned(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if size == n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the log was not cosigned at %d within 30 s", n)
}

func provisioning(t *testing.T, p identity.Provision) string {
	t.Helper()
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return "osiris1." + base64.RawURLEncoding.EncodeToString(body)
}

// possessed checks the proofs of a claim as Central does.
func possessed(r *centralv1.ClaimRequest) bool {
	digest := sha256.Sum256(slices.Concat([]byte("osiris claim v1\x00"+r.GetCode()+"\x00"), r.GetTlsKey(), r.GetCaKey(), r.GetCommandKey(), r.GetBundleKey(), r.GetLogKey()))
	for i, der := range [][]byte{r.GetTlsKey(), r.GetCaKey()} {
		pub, err := x509.ParsePKIXPublicKey(der)
		key, ok := pub.(*ecdsa.PublicKey)
		if err != nil || !ok || !ecdsa.VerifyASN1(key, digest[:], r.GetProofs()[i]) {
			return false
		}
	}
	for i, key := range [][]byte{r.GetCommandKey(), r.GetBundleKey(), r.GetLogKey()} {
		if !ed25519.Verify(key, digest[:], r.GetProofs()[2+i]) {
			return false
		}
	}
	return true
}
