package order

import (
	"bytes"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// changed refuses an order whose target is not what it was when it was ordered.
// Central signs orders and not the list of targets, so that a changed list must
// not lead a signed order to another host, port, key, credential or out of the lab.
func changed(o *centralv1.Order, t script.Target) *refusal {
	m := o.GetMeant()
	if m == nil {
		return &refusal{why: "The order does not say what its target is.", advice: "Update Central."}
	}
	pin := t.Pin[:]
	if t.Pin == [32]byte{} {
		pin = nil
	}
	var words []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"kind", m.GetKind() == string(t.Kind)},
		{"host", m.GetHost() == t.Host},
		{"port", int64(m.GetPort()) == int64(t.Port)},
		{"name in the certificate", m.GetTlsName() == t.Name},
		{"http", m.GetHttp() == t.HTTP},
		{"basic", m.GetAllowBasic() == t.AllowBasic},
		{"plain", m.GetAllowPlain() == t.AllowPlain},
		{"pin", bytes.Equal(m.GetPin(), pin)},
		{"credential", m.GetCredential() == t.Credential},
		{"computer account", m.GetObjectGuid() == t.ObjectGUID},
		{"lab", m.GetLab() == t.Lab},
	} {
		if !f.same {
			words = append(words, f.name)
		}
	}
	if len(words) == 0 {
		return nil
	}
	return &refusal{
		why:    "The target is not what it was when this was ordered; changed: " + strings.Join(words, ", ") + ".",
		advice: "See who changed it (osirisctl target list, the audit log), then order it again.",
	}
}
