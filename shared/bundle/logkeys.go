package bundle

import (
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/logproof"
)

// errNoKey means that no trust document names the key of a log.
var errNoKey = errors.New("no trust document here names the key of this log")

// logKeys is the keys that trust documents give for logs.
type logKeys struct {
	logs      map[string]note.Verifier // by origin
	witnesses []note.Verifier
}

// newLogKeys are the log keys of an appliance and the witnesses of its site.
func newLogKeys(doc *trustlite.TrustDoc, appliance *trustlite.ApplianceKeys) (logKeys, error) {
	k := logKeys{logs: map[string]note.Verifier{}}
	for _, vkey := range appliance.LogVkeys {
		own, err := logproof.LogVerifier(vkey)
		if err != nil {
			return logKeys{}, err
		}
		if _, ok := k.logs[own.Name()]; !ok {
			k.logs[own.Name()] = own
		}
	}
	for _, vkey := range doc.WitnessVkeys {
		w, err := logproof.WitnessVerifier(vkey)
		if err != nil {
			return logKeys{}, err
		}
		k.witnesses = append(k.witnesses, w)
	}
	return k, nil
}

// add takes in what another trust document names.
func (k *logKeys) add(other logKeys) {
	for origin, own := range other.logs {
		if _, ok := k.logs[origin]; !ok {
			k.logs[origin] = own
		}
	}
	for _, w := range other.witnesses {
		if !slices.ContainsFunc(k.witnesses, func(have note.Verifier) bool {
			return have.Name() == w.Name() && have.KeyHash() == w.KeyHash()
		}) {
			k.witnesses = append(k.witnesses, w)
		}
	}
}

// open verifies a checkpoint of any log whose key is known. Lines of witnesses
// that are not known count as if they were not there.
func (k *logKeys) open(checkpoint []byte) (logproof.Opened, error) {
	c, err := logproof.PeekCheckpoint(checkpoint)
	if err != nil {
		return logproof.Opened{}, err
	}
	own := k.logs[c.Origin]
	if own == nil {
		return logproof.Opened{}, errNoKey
	}
	kept, err := logproof.KeepLines(checkpoint, append([]note.Verifier{own}, k.witnesses...)...)
	if err != nil {
		return logproof.Opened{}, err
	}
	return logproof.OpenCheckpoint(kept, own, k.witnesses...)
}
