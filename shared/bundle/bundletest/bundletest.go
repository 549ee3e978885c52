// Package bundletest makes a throwaway partner for tests and benchmarks: a Central root, its
// online key, a site's trust document, an appliance's keys and a witness, all
// real and derived from one seed, so that golden files stay equal. Nothing here
// is for production.
package bundletest

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// Epoch is the time at which a World begins.
var Epoch = time.Date(2026, 11, 22, 10, 30, 0, 123e6, time.UTC)

// TB is what this package needs of testing.TB, so that a benchmark program need
// not link package testing.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// World is a partner with one site and one appliance.
type World struct {
	SiteID, ApplianceID                        string
	Root, Online, Command, Bundle, Log, Signer *signed.Key // Signer is the witness's
	Witness                                    *logproof.Witness
	chain                                      []byte
	opened                                     *trust.Opened
}

// NewWorld makes the partner of a seed.
func NewWorld(tb TB, seed string) *World {
	tb.Helper()
	key := func(role string) *signed.Key {
		s := sha256.Sum256([]byte(seed + "/" + role))
		k, err := signed.NewKey(s[:])
		if err != nil {
			tb.Fatal(err)
		}
		return k
	}
	w := &World{
		SiteID: "s_practice", ApplianceID: "ap_front",
		Root: key("root"), Online: key("online"), Command: key("command"),
		Bundle: key("bundle"), Log: key("log"), Signer: key("witness"),
	}
	w.Witness = logproof.NewWitness(logproof.WitnessName(w.Root.ID()), w.Signer)
	w.SetEpochs(tb, 1)
	return w
}

// SetEpochs re-issues the trust document with the log keys of that many epochs.
func (w *World) SetEpochs(tb TB, epochs uint64) {
	tb.Helper()
	marshal := func(m interface{ MarshalVT() ([]byte, error) }) []byte {
		b, err := m.MarshalVT()
		if err != nil {
			tb.Fatal(err)
		}
		return b
	}
	wire := func(e signed.Envelope) *trustlite.SignedEnvelope {
		return &trustlite.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}
	}
	issued, expires := Epoch.UnixMilli(), Epoch.AddDate(1, 0, 0).UnixMilli()
	keys := &trustlite.ApplianceKeys{
		ApplianceId: w.ApplianceID, CommandKey: w.Command.Public(), BundleKey: w.Bundle.Public(),
	}
	for e := range epochs {
		keys.LogVkeys = append(keys.LogVkeys, logproof.LogVKey(w.OriginOf(e), w.Log.Public()))
	}
	doc := marshal(&trustlite.TrustDoc{
		SiteId: w.SiteID, Version: 7 + epochs, IssuedMs: issued, ExpiresMs: expires,
		Appliances: []*trustlite.ApplianceKeys{keys}, WitnessVkeys: []string{w.Witness.VKey()},
	})
	delegation := marshal(&trustlite.Delegation{Version: 3, OnlineKey: w.Online.Public(), IssuedMs: issued, ExpiresMs: expires})
	chain := &trustlite.TrustChain{
		RootKey:    w.Root.Public(),
		Delegation: wire(w.Root.Seal(signed.Delegation, delegation)),
		Doc:        wire(w.Online.Seal(signed.Trust, doc)),
	}
	w.chain = marshal(chain)
	opened, err := trust.Open(chain, w.Root.ID())
	if err != nil {
		tb.Fatal(err)
	}
	w.opened = opened
}

// Newest is the trust chain, as evidence.Chain wants it.
func (w *World) Newest() ([]byte, *trust.Opened) { return w.chain, w.opened }

// Pin is the root's fingerprint.
func (w *World) Pin() *signed.KeyID {
	id := w.Root.ID()
	return &id
}

// OriginOf names the log of an epoch.
func (w *World) OriginOf(epoch uint64) string { return logproof.Origin(w.SiteID, epoch) }

// Cosign has the witness cosign.
func (w *World) Cosign(tb TB, epoch uint64, checkpoint []byte) []byte {
	tb.Helper()
	own, err := logproof.LogVerifier(logproof.LogVKey(w.OriginOf(epoch), w.Log.Public()))
	if err != nil {
		tb.Fatal(err)
	}
	cosigned, err := w.Witness.Cosign(checkpoint, own, Epoch.Add(time.Minute))
	if err != nil {
		tb.Fatal(err)
	}
	return cosigned
}

// Drift is a typical bundle of about 4 KB, the n-th of its agent.
func (w *World) Drift(n uint64) bundle.Bundle {
	at := bundle.At(Epoch.Add(time.Duration(n) * time.Second))
	facts := make([]bundle.Fact, 24)
	for i := range facts {
		facts[i] = bundle.Fact{Name: fmt.Sprintf("kernel.parameter_%02d", i), Value: "1 (/etc/sysctl.d/60-osiris.conf)"}
	}
	return bundle.Bundle{
		BundleID: bundle.ID("ag_front", "00112233445566778899aabbccddeeff", n, "observed"), Kind: bundle.KindDrift,
		SiteID: w.SiteID, ApplianceID: w.ApplianceID, HostID: "h_desk", Hostname: "DESK-01", DeviceType: "workstation",
		Source: "agent", AgentID: "ag_front", QueueID: "00112233445566778899aabbccddeeff", Seq: n, RecordID: fmt.Sprintf("%032x", n),
		DeploymentMode: "direct", CheckID: "sysctl_hardening", DriftType: "kernel_hardening_missing", Severity: "medium",
		Phase: "observed", Outcome: bundle.OutcomeAlert,
		Verdict: &bundle.Verdict{
			CheckID: "sysctl_hardening", Status: "fail", Severity: "medium", Actual: "kernel.kptr_restrict = 0", Expected: ">= 1",
			Reason: "kernel.kptr_restrict is 0 in /etc/sysctl.d/60-osiris.conf", Facts: facts, ObservedAt: at, Cause: "interval",
		},
		PreState:      map[string]string{"kernel.kptr_restrict": "0", "a <b> & \"c\"": "é\u2028"},
		HIPAAControls: []string{"164.308(a)(1)(ii)(B)"}, PolicyVersion: 4, TrustVersion: 8, Scrubber: "1",
		AgentTime: at, ReceivedTime: at + 20, MadeTime: at + 25, Appliance: "0.2.0",
		Summary: "DESK-01 lost its kernel hardening.",
	}
}
