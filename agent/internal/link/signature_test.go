package link_test

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

func TestASignatureListCountsOverRestartsAndABadOneIsRefused(t *testing.T) {
	key, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	list := func(version uint64) *trustv1.SignatureList {
		return &trustv1.SignatureList{Version: version, ExpiresMs: time.Now().Add(time.Hour).UnixMilli(), Products: []*trustv1.ProductSignature{
			{Id: "fake", Name: "Fake", Linux: &trustv1.ProductMarks{Services: []string{"fake"}}},
		}}
	}
	a := fakeappliance.New(t)
	r := newRigAt(t, a, &rig{keys: []ed25519.PublicKey{key.Public()}})
	a.Wait(t, "a session", func() bool { return a.Sessions() == 1 })
	send := func(e *trustv1.SignedEnvelope) {
		a.Send(&compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Signatures{Signatures: e}})
	}
	send(fakeappliance.Seal(key, signed.RMM, list(5)))
	send(fakeappliance.Seal(key, signed.RMM, list(4)))      // older
	send(fakeappliance.Seal(stranger, signed.RMM, list(6))) // somebody else's
	send(fakeappliance.Seal(key, signed.Policy, list(7)))   // signed as something else
	send(&trustv1.SignedEnvelope{})
	// Messages of one session are taken in order: the command's answer is after them.
	id := fakeappliance.Random(16)
	a.Order(a.Command(id))
	a.Wait(t, "the command's result", func() bool { return a.Result(id) != nil })
	a.Locked(func() {
		if n := a.Sessions(); n != 1 {
			t.Errorf("%d sessions; want a refused list to cost a log line only", n)
		}
	})
	if n := strings.Count(r.log.String(), "signature list refused"); n != 4 {
		t.Errorf("%d lists were refused; want 4", n)
	}
	r.stop()
	r.start(a)
	a.Wait(t, "a session of the next life", func() bool { return a.Sessions() == 2 && a.Hello().GetSignatureVersion() == 5 })
}
