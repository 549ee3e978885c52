package bundle

import (
	"errors"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/trust"
)

// checkpoint checks the lines of the proof's checkpoint: one by a log key of the
// signer's appliance, all others by witnesses of the trust document.
func (f *files) checkpoint(opened *trust.Opened, keys *trustlite.ApplianceKeys) {
	known, err := newLogKeys(opened.Doc, keys)
	if err != nil {
		f.problem(FileSig, "trust document: "+err.Error())
		return
	}
	f.keys = known
	own := known.logs[f.entry.Origin]
	if own == nil {
		f.problem(FileProof, fmt.Sprintf("log %s is not registered for the signer's appliance", f.entry.Origin))
		return
	}
	point, err := logproof.OpenCheckpoint(f.parsedProof.Checkpoint, own, known.witnesses...)
	if err != nil {
		f.problem(FileProof, err.Error())
		return
	}
	if site, _, _ := logproof.ParseOrigin(f.entry.Origin); site != opened.Doc.SiteId {
		f.problem(FileProof, "is of the log of another site: "+f.entry.Origin)
	}
	f.opened = true
	for _, c := range point.Cosigned {
		f.Witnesses = append(f.Witnesses, c.Witness)
		f.CosignedSize = point.Size
		if f.CosignedAt.IsZero() || c.Time.Before(f.CosignedAt) {
			f.CosignedAt = c.Time
		}
	}
	if !f.blames(FileJSON) {
		f.first(keys)
	}
}

// first checks that entry 0, and no other, is the epoch bundle of this log.
func (f *files) first(keys *trustlite.ApplianceKeys) {
	b := f.bundle
	if (b.Kind == KindEpoch) != (f.entry.Position == 0) || (b.Kind == KindEpoch) != (b.Epoch != nil) {
		f.problem(FileJSON, fmt.Sprintf("entry %d of a log cannot be of kind %s", f.entry.Position, b.Kind))
		return
	}
	if b.Epoch == nil {
		return
	}
	registered := false
	for _, vkey := range keys.LogVkeys {
		registered = registered || vkey == b.Epoch.LogVKey
	}
	switch {
	case b.Epoch.Origin != f.entry.Origin:
		f.problem(FileJSON, "entry 0 is of another log: "+b.Epoch.Origin)
	case !registered || b.Epoch.CommandKey != fmt.Sprintf("%x", keys.CommandKey) || b.Epoch.BundleKey != fmt.Sprintf("%x", keys.BundleKey):
		f.problem(FileJSON, "entry 0 names other keys than the trust document")
	default:
		f.before()
	}
}

// before opens what entry 0 of a later epoch says of the log before it.
func (f *files) before() {
	e := f.bundle.Epoch
	if e.LastCheckpoint == "" {
		return
	}
	opened, err := f.keys.open([]byte(e.LastCheckpoint))
	switch {
	case errors.Is(err, errNoKey):
		f.note("the trust document does not name the key of the log before this one: its last checkpoint is not judged")
		return
	case err != nil:
		f.problem(FileJSON, "last_checkpoint does not verify: "+err.Error())
		return
	}
	_, now, _ := logproof.ParseOrigin(f.entry.Origin)
	if _, old, err := logproof.ParseOrigin(opened.Origin); err != nil || old >= now {
		f.problem(FileJSON, "last_checkpoint is of "+opened.Origin+", which is not before "+f.entry.Origin)
		return
	}
	f.last = &opened
}

// clockTolerance is how far two good clocks may be apart in a note.
const clockTolerance = 5 * time.Minute

// times notes what cannot be if all clocks were right. Clocks are not evidence,
// so it changes no result.
func (f *files) times(opened *trust.Opened) {
	made, tolerance := f.bundle.MadeTime.Time(), clockTolerance.Milliseconds()
	if f.opened && !f.CosignedAt.IsZero() && made.After(f.CosignedAt.Add(clockTolerance)) {
		f.note("made_time is later than the witness's time of cosigning")
	}
	if ms := made.UnixMilli(); max(opened.Doc.IssuedMs, opened.Delegation.IssuedMs) > ms+tolerance {
		f.note("the trust document or its delegation was issued after made_time")
	} else if min(opened.Doc.ExpiresMs, opened.Delegation.ExpiresMs) <= ms {
		f.note("the trust document or its delegation had expired at made_time")
	}
}
