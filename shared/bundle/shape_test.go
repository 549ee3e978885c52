package bundle_test

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/signed"
)

// allocated is how many bytes f asks for, whether they live on or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAMegabyteOfNothingsCostsLittleMemory(t *testing.T) {
	data, err := bundletest.NewWorld(t, "giant").Drift(1).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ field, element string }{
		"empty verdicts":                 {`"verdicts": [`, `{},`},
		"null verdicts":                  {`"verdicts": [`, `null,`},
		"verdicts of the least size":     {`"verdicts": [`, `{` + strings.Repeat(" ", 29) + `},`},
		"verdicts of empty lists":        {`"verdicts": [`, `{"facts":[]},`},
		"empty actions":                  {`"actions": [`, `{},`},
		"empty facts":                    {`"facts": [`, `{},`},
		"empty controls":                 {`"hipaa_controls": [`, `"",`},
		"text that looks like structure": {`"summary": "`, `{},n[`},
	} {
		before, after, found := strings.Cut(string(data), c.field)
		if !found {
			t.Fatalf("%s: there is no %s", name, c.field)
		}
		n := (bundle.MaxSize - len(data)) / len(c.element)
		hostile := before + c.field + strings.Repeat(c.element, n) + after
		hostile = strings.Replace(hostile, ",]", "]", 1)
		var decoded error
		got := allocated(func() { _, decoded = bundle.Decode([]byte(hostile)) })
		if got > 48<<20 {
			t.Errorf("%s: Decode of %d bytes allocates %d MB; want at most 48", name, len(hostile), got>>20)
		}
		if c.field != `"summary": "` && decoded == nil {
			t.Errorf("%s: Decode accepts it", name)
		}
	}
}

// The bounds must be below what Encode writes: a bundle full of the smallest
// elements is odd but good.
func TestTheSmallestElementsAreStillDecoded(t *testing.T) {
	w := bundletest.NewWorld(t, "smallest")
	const n = 2000
	for name, fill := range map[string]func(*bundle.Bundle){
		"verdicts": func(b *bundle.Bundle) { b.Verdicts = make([]bundle.Verdict, n) },
		"actions":  func(b *bundle.Bundle) { b.Actions = make([]bundle.Action, n) },
		"facts":    func(b *bundle.Bundle) { b.Verdict = &bundle.Verdict{Facts: make([]bundle.Fact, n)} },
		"facts of verdicts": func(b *bundle.Bundle) {
			b.Verdicts = []bundle.Verdict{{Facts: make([]bundle.Fact, n)}, {Facts: make([]bundle.Fact, n)}}
		},
		"controls": func(b *bundle.Bundle) { b.HIPAAControls = make([]string, n) },
		"states": func(b *bundle.Bundle) {
			b.PreState = map[string]string{}
			for i := range n {
				b.PreState[strconv.Itoa(i)] = ""
			}
			b.PostState = b.PreState
		},
		"nothing": func(b *bundle.Bundle) {
			*b = bundle.Bundle{BundleID: b.BundleID, Kind: "x", Outcome: bundle.OutcomeNone, SiteID: "s", ApplianceID: "a", MadeTime: 1}
		},
	} {
		b := w.Drift(1)
		b.Verdict = nil
		fill(&b)
		data, err := b.Encode()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := bundle.Decode(data); err != nil {
			t.Errorf("%s: Decode = %v", name, err)
		}
	}
}

func TestWhatNobodySignedIsNotDecoded(t *testing.T) {
	x := practice(t, "undecoded")
	if _, err := bundle.OpenSigned([]byte("{"), x.sig[1]); !errors.Is(err, signed.ErrSignature) {
		t.Errorf("OpenSigned(no JSON) = %v; want ErrSignature", err)
	}
}

func TestATrustDocumentHasBounds(t *testing.T) {
	w := bundletest.NewWorld(t, "bounds")
	ours := &trustlite.ApplianceKeys{ApplianceId: w.ApplianceID, CommandKey: w.Command.Public(), BundleKey: w.Bundle.Public()}
	many := func(n int) []*trustlite.ApplianceKeys {
		all := make([]*trustlite.ApplianceKeys, n)
		for i := range all {
			all[i] = ours
		}
		return all
	}
	for name, c := range map[string]struct {
		appliances []*trustlite.ApplianceKeys
		want       error
	}{
		"256 appliances":                  {many(256), nil},
		"257 appliances":                  {many(257), bundle.ErrMalformed},
		"an appliance without keys":       {append(many(1), &trustlite.ApplianceKeys{ApplianceId: "ap_x"}), bundle.ErrMalformed},
		"an appliance without bundle key": {append(many(1), &trustlite.ApplianceKeys{ApplianceId: "ap_x", CommandKey: w.Command.Public()}), bundle.ErrMalformed},
	} {
		sig := bundle.Sign([]byte("{}"), w.Bundle, chainOf(t, w, c.appliances))
		if _, err := sig.OpenTrust(); !errors.Is(err, c.want) {
			t.Errorf("%s: OpenTrust = %v; want %v", name, err, c.want)
		}
	}
}

// chainOf is the world's trust chain with other appliances.
func chainOf(t *testing.T, w *bundletest.World, appliances []*trustlite.ApplianceKeys) []byte {
	t.Helper()
	raw, _ := w.Newest()
	chain := &trustlite.TrustChain{}
	if err := chain.UnmarshalVT(raw); err != nil {
		t.Fatal(err)
	}
	doc := &trustlite.TrustDoc{SiteId: w.SiteID, Version: 9, IssuedMs: 1, ExpiresMs: 2, Appliances: appliances, WitnessVkeys: []string{w.Witness.VKey()}}
	payload, err := doc.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	sealed := w.Online.Seal(signed.Trust, payload)
	chain.Doc = &trustlite.SignedEnvelope{Payload: sealed.Payload, KeyId: sealed.KeyID[:], Signature: sealed.Signature}
	out, err := chain.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
