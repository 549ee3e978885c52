package centraltest

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Appliance is a claimed appliance with its log.
type Appliance struct {
	Client   centralv1connect.ApplianceServiceClient
	Identity *centralv1.ClaimResponse
	TLS, CA  *ecdsa.PrivateKey
	Command  *signed.Key
	Bundle   *signed.Key
	Log      *signed.Key
	Origin   string
	Trust    []byte // chain that goes into bundle.sig
	Head     *logproof.Head
	Entries  []*centralv1.LogEntry
	central  *Central
}

func pool(c *x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}

// Code makes a provisioning code and takes it out of its string.
func (c *Central) Code(id store.SiteID, valid time.Duration) string {
	c.t.Helper()
	text, _, err := c.Sites.CreateCode(c.t.Context(), id, valid)
	Check(c.t, err)
	raw := Value(base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "osiris1.")))(c.t)
	var said struct{ Code string }
	Check(c.t, json.Unmarshal(raw, &said))
	return said.Code
}

// Unclaimed makes an appliance that has keys only.
func (c *Central) Unclaimed() *Appliance {
	c.t.Helper()
	p256 := func() *ecdsa.PrivateKey { return Value(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(c.t) }
	ed := func() *signed.Key { return Value(signed.Generate())(c.t) }
	return &Appliance{
		TLS: p256(), CA: p256(), Command: ed(), Bundle: ed(), Log: ed(), central: c,
		Client: centralv1connect.NewApplianceServiceClient(c.HTTP(nil), c.URL),
	}
}

// ClaimRequest is a valid claim with a code.
func (a *Appliance) ClaimRequest(code string) *centralv1.ClaimRequest {
	t := a.central.t
	keys := site.Keys{
		TLS:     Value(x509.MarshalPKIXPublicKey(a.TLS.Public()))(t),
		CA:      Value(x509.MarshalPKIXPublicKey(a.CA.Public()))(t),
		Command: a.Command.Public(), Bundle: a.Bundle.Public(), Log: a.Log.Public(),
	}
	digest := keys.Digest(code)
	for _, k := range []*ecdsa.PrivateKey{a.TLS, a.CA} {
		keys.Proofs = append(keys.Proofs, Value(ecdsa.SignASN1(rand.Reader, k, digest[:]))(t))
	}
	for _, k := range []*signed.Key{a.Command, a.Bundle, a.Log} {
		keys.Proofs = append(keys.Proofs, ed25519.Sign(k.Private(), digest[:]))
	}
	return &centralv1.ClaimRequest{
		Code: code, Hostname: "appliance-1", HardwareId: "test", TlsKey: keys.TLS, CaKey: keys.CA,
		CommandKey: keys.Command, BundleKey: keys.Bundle, LogKey: keys.Log, Proofs: keys.Proofs,
	}
}

// Claim claims and takes the identity.
func (a *Appliance) Claim(code string) error {
	answer, err := a.Client.Claim(context.Background(), connect.NewRequest(a.ClaimRequest(code)))
	if err != nil {
		return err
	}
	a.Take(answer.Msg)
	return nil
}

// Take begins with an identity: client certificate and the first log.
func (a *Appliance) Take(m *centralv1.ClaimResponse) {
	a.Identity = m
	a.MoveTo(a.central.URL)
	a.Trust = Value(proto.Marshal(m.GetTrust()))(a.central.t)
	a.Begin(m.GetLogOrigin(), bundle.Epoch{Reason: "first log"})
}

// Begin starts a log with its entry 0.
func (a *Appliance) Begin(origin string, e bundle.Epoch) {
	a.Origin, a.Head, a.Entries = origin, logproof.NewHead(origin), nil
	e.Origin, e.LogVKey = origin, logproof.LogVKey(origin, a.Log.Public())
	e.CommandKey, e.BundleKey = hex.EncodeToString(a.Command.Public()), hex.EncodeToString(a.Bundle.Public())
	a.Add(bundle.Bundle{
		BundleID: bundle.IDOf("epoch/" + origin), Kind: bundle.KindEpoch, Source: "appliance", Outcome: bundle.OutcomeNone, Epoch: &e,
	})
}

// Appliance claims a new appliance of a site.
func (c *Central) Appliance(id store.SiteID) *Appliance {
	c.t.Helper()
	a := c.Unclaimed()
	Check(c.t, a.Claim(c.Code(id, time.Hour)))
	return a
}

// Add signs a bundle and logs it; site, appliance and times are filled in.
func (a *Appliance) Add(b bundle.Bundle) *centralv1.LogEntry {
	b.SiteID, b.ApplianceID = a.Identity.GetSiteId(), a.Identity.GetApplianceId()
	if b.MadeTime == 0 {
		b.MadeTime = bundle.At(time.Now())
	}
	if b.ReceivedTime == 0 {
		b.ReceivedTime = b.MadeTime
	}
	data := Value(b.Encode())(a.central.t)
	return a.AddFiles(data, bundle.Sign(data, a.Bundle, a.Trust).Marshal())
}

// AddFiles logs any bytes.
func (a *Appliance) AddFiles(data, sig []byte) *centralv1.LogEntry {
	e := &centralv1.LogEntry{Index: a.Head.Size(), Bundle: data, Signature: sig}
	e.Entry, _ = a.Head.Extend(logproof.HashOf(data), logproof.HashOf(sig))
	a.Entries = append(a.Entries, e)
	return e
}

// Checkpoint signs the log as it is.
func (a *Appliance) Checkpoint() []byte {
	return Value(a.Head.Checkpoint().Sign(logproof.LogSigner(a.Origin, a.Log)))(a.central.t)
}

// Request submits the entries from an index to the end.
func (a *Appliance) Request(from uint64) *centralv1.SubmitEvidenceRequest {
	return &centralv1.SubmitEvidenceRequest{LogOrigin: a.Origin, Entries: a.Entries[from:], Checkpoint: a.Checkpoint()}
}

// Submit sends the entries from an index to the end.
func (a *Appliance) Submit(from uint64) (*centralv1.SubmitEvidenceResponse, error) {
	answer, err := a.Client.SubmitEvidence(context.Background(), connect.NewRequest(a.Request(from)))
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}

// MoveTo makes the appliance call another address with its certificate.
func (a *Appliance) MoveTo(url string) {
	m := a.Identity
	a.Client = centralv1connect.NewApplianceServiceClient(a.central.HTTP(&tls.Certificate{
		Certificate: append([][]byte{m.GetTlsCertificate()}, m.GetTlsChain()...), PrivateKey: a.TLS,
	}), url)
}

// Expired makes a client certificate of a that ended at a time, as Central's own
// authority would have.
func Expired(t testing.TB, c *Central, a *Appliance, end time.Time) []byte {
	t.Helper()
	authority := Value(c.Keys.Appliances.Key())(t)
	key := Value(x509.ParsePKCS8PrivateKey(authority))(t)
	held := Value(x509.ParseCertificate(a.Identity.GetTlsCertificate()))(t)
	held.NotBefore, held.NotAfter = end.Add(-time.Hour), end
	return Value(x509.CreateCertificate(rand.Reader, held, c.Keys.Appliances.Certificate, a.TLS.Public(), key))(t)
}
