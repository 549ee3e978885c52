package intake_test

import (
	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
	"github.com/osiriscare/osiris/central/internal/keyring"
)

// resign makes a chain of another Central that says of w.a what the right one
// says: only the root differs.
func resign(other *ct.Central, w world, a *ct.Appliance) ([]byte, error) {
	payload, err := proto.Marshal(&trustv1.TrustDoc{
		SiteId: w.a.Identity.GetSiteId(), Version: 1,
		Appliances: []*trustv1.ApplianceKeys{{
			ApplianceId: w.a.Identity.GetApplianceId(), CommandKey: a.Command.Public(), BundleKey: a.Bundle.Public(),
			LogVkeys: []string{logproof.LogVKey(w.a.Origin, a.Log.Public())},
		}},
	})
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&trustv1.TrustChain{
		Delegation: other.Keys.Delegation, RootKey: other.Keys.RootPublic,
		Doc: keyring.Seal(other.Keys.Online, signed.Trust, payload),
	})
}

func marshal(m proto.Message) ([]byte, error) { return proto.Marshal(m) }
