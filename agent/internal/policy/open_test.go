package policy

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/fakeappliance"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// FuzzOpen holds this package and shared/trust to one answer on every input.
func FuzzOpen(f *testing.F) {
	a := fakeappliance.NewAuthority(f)
	pin := a.CentralRoot.ID()
	seed := func(ms ...proto.Message) {
		var all [3][]byte
		for i, m := range ms {
			b, err := proto.Marshal(m)
			if err != nil {
				f.Fatal(err)
			}
			all[i] = b
		}
		f.Add(all[0], all[1], all[2])
	}
	command := &trustv1.Command{AgentId: fakeappliance.AgentID, CommandId: fakeappliance.Random(16)}
	seed(a.Chain(), a.PolicyEnvelope(), fakeappliance.Seal(a.CommandKey, signed.Command, command))
	seed(a.Chain(), fakeappliance.Seal(a.Online, signed.Trust, a.Policy()), fakeappliance.Seal(a.Online, signed.Command, command))
	seed(fakeappliance.NewAuthority(f).Chain(), &trustv1.SignedEnvelope{}, &trustv1.SignedEnvelope{})
	f.Fuzz(func(t *testing.T, chain, policy, command []byte) {
		ours, ourErr := openChain(chain, pin)
		lite := &trustlite.TrustChain{}
		theirErr := lite.UnmarshalVT(chain)
		var theirs *trust.Opened
		if theirErr == nil {
			theirs, theirErr = trust.Open(lite, pin)
		}
		if (ourErr == nil) != (theirErr == nil) {
			t.Fatalf("chain: we say %v, shared/trust says %v", ourErr, theirErr)
		}
		if ourErr != nil {
			return
		}
		envelope := &trustlite.SignedEnvelope{}
		if theirErr = envelope.UnmarshalVT(policy); theirErr == nil {
			_, theirErr = theirs.OpenPolicy(envelope)
		}
		if _, ourErr = openPolicy(ours, policy); (ourErr == nil) != (theirErr == nil) {
			t.Fatalf("policy: we say %v, shared/trust says %v", ourErr, theirErr)
		}
		envelope = &trustlite.SignedEnvelope{}
		if theirErr = envelope.UnmarshalVT(command); theirErr == nil {
			_, theirErr = theirs.OpenCommand(envelope)
		}
		if _, ourErr = openCommand(ours, command); (ourErr == nil) != (theirErr == nil) {
			t.Fatalf("command: we say %v, shared/trust says %v", ourErr, theirErr)
		}
	})
}
