package intake_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

// world is two practices with an appliance each; a has two entries taken.
type world struct {
	c    *ct.Central
	a, b *ct.Appliance
}

func newWorld(t *testing.T) world {
	t.Helper()
	c := ct.New(t)
	w := world{c: c, a: c.Appliance(c.Site("Riverside", "Main Street").ID), b: c.Appliance(c.Site("Lakeside", "Harbour").ID)}
	w.a.Add(ct.Report("h_1", 1, "pass", ""))
	ct.Value(w.a.Submit(0))(t)
	return w
}

// sign signs a bundle as it is, without filling in.
func sign(t *testing.T, b bundle.Bundle, key *signed.Key, chain []byte) (data, sig []byte) {
	t.Helper()
	b.MadeTime = bundle.At(time.Now())
	data = ct.Value(b.Encode())(t)
	return data, bundle.Sign(data, key, chain).Marshal()
}

// report is a good third entry of a, not yet signed.
func (w world) report() bundle.Bundle {
	b := ct.Report("h_1", 2, "pass", "")
	b.SiteID, b.ApplianceID = w.a.Identity.GetSiteId(), w.a.Identity.GetApplianceId()
	return b
}

// logged adds files to a's log and returns the request with them.
func (w world) logged(data, sig []byte) *centralv1.SubmitEvidenceRequest {
	w.a.AddFiles(data, sig)
	return w.a.Request(2)
}

func TestABadEntryRefusesTheBatchAndIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		bad  func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest
		code connect.Code
		says string
	}{
		"bundle.json is not JSON": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			return w.logged([]byte("{"), []byte("x"))
		}, connect.CodeInvalidArgument, "entry 2: malformed"},
		"bundle.json has an unknown field": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			data, _ := sign(t, w.report(), w.a.Bundle, w.a.Trust)
			data = bytes.Replace(data, []byte("{\n"), []byte("{\n  \"extra\": 1,\n"), 1)
			return w.logged(data, bundle.Sign(data, w.a.Bundle, w.a.Trust).Marshal())
		}, connect.CodeInvalidArgument, "extra"},
		"bundle.json is larger than a megabyte": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			data := []byte(strings.Repeat(" ", bundle.MaxSize+1))
			return w.logged(data, bundle.Sign(data, w.a.Bundle, w.a.Trust).Marshal())
		}, connect.CodeInvalidArgument, "1048577 bytes"},
		"the bundle was changed after it was signed": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			data, sig := sign(t, w.report(), w.a.Bundle, w.a.Trust)
			return w.logged(bytes.Replace(data, []byte("pass"), []byte("fail"), 1), sig)
		}, connect.CodeInvalidArgument, "signature does not verify"},
		"the signature is from another context": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			data, _ := sign(t, w.report(), w.a.Bundle, w.a.Trust)
			s := bundle.Sig{Key: w.a.Bundle.Public(), Signature: w.a.Bundle.Sign(signed.Command, data), Trust: w.a.Trust}
			return w.logged(data, s.Marshal())
		}, connect.CodeInvalidArgument, "signature does not verify"},
		"the signer is a key nobody registered": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			return w.logged(sign(t, w.report(), ct.Value(signed.Generate())(t), w.a.Trust))
		}, connect.CodeInvalidArgument, "not an appliance"},
		"the signer is another practice's appliance": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			b := w.report()
			b.SiteID, b.ApplianceID = w.b.Identity.GetSiteId(), w.b.Identity.GetApplianceId()
			return w.logged(sign(t, b, w.b.Bundle, w.b.Trust))
		}, connect.CodeInvalidArgument, "registered"},
		"the bundle names another site": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			b := w.report()
			b.SiteID = w.b.Identity.GetSiteId()
			return w.logged(sign(t, b, w.a.Bundle, w.a.Trust))
		}, connect.CodeInvalidArgument, "another site"},
		"the trust chain ends at another root": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			chain := foreignChain(t, w)
			return w.logged(sign(t, w.report(), w.a.Bundle, chain))
		}, connect.CodeInvalidArgument, "another Central root"},
		"the entry names another bundle": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			data, sig := sign(t, w.report(), w.a.Bundle, w.a.Trust)
			e := &centralv1.LogEntry{Index: 2, Bundle: data, Signature: sig}
			e.Entry, _ = w.a.Head.Extend(logproof.HashOf([]byte("other")), logproof.HashOf(sig))
			w.a.Entries = append(w.a.Entries, e)
			return w.a.Request(2)
		}, connect.CodeInvalidArgument, "another bundle.json"},
		"the entry has a wrong predecessor": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			w.a.Head.Last[0] ^= 1
			return w.logged(sign(t, w.report(), w.a.Bundle, w.a.Trust))
		}, connect.CodeInvalidArgument, "follows another entry"},
		"the entries leave one out": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			w.a.Add(ct.Report("h_1", 2, "pass", ""))
			w.a.Add(ct.Report("h_1", 3, "pass", ""))
			w.a.Add(ct.Report("h_1", 4, "pass", ""))
			r := w.a.Request(2)
			r.Entries = []*centralv1.LogEntry{r.Entries[0], r.Entries[2]}
			return r
		}, connect.CodeInvalidArgument, "entry 4"},
		"a held position gets another entry": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			w.a.Add(ct.Report("h_1", 2, "pass", ""))
			r := w.a.Request(1)
			r.Entries[0] = proto.CloneOf(r.Entries[0])
			r.Entries[0].Bundle[20] ^= 1
			return r
		}, connect.CodeFailedPrecondition, "entry 1"},
		"an epoch bundle stands in the middle": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			b := w.report()
			b.Kind, b.Epoch = bundle.KindEpoch, &bundle.Epoch{Origin: w.a.Origin}
			return w.logged(sign(t, b, w.a.Bundle, w.a.Trust))
		}, connect.CodeInvalidArgument, "first entry"},
		"the checkpoint has another root": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			w.a.Add(ct.Report("h_1", 2, "pass", ""))
			r := w.a.Request(2)
			c := w.a.Head.Checkpoint()
			c.Root[0] ^= 1
			r.Checkpoint = ct.Value(c.Sign(logproof.LogSigner(w.a.Origin, w.a.Log)))(t)
			return r
		}, connect.CodeFailedPrecondition, "another tree"},
		"the checkpoint covers more than the entries": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			w.a.Add(ct.Report("h_1", 2, "pass", ""))
			w.a.Add(ct.Report("h_1", 3, "pass", ""))
			r := w.a.Request(2)
			r.Entries = r.Entries[:1]
			return r
		}, connect.CodeFailedPrecondition, "another tree"},
		"the checkpoint is signed by another key": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			w.a.Add(ct.Report("h_1", 2, "pass", ""))
			r := w.a.Request(2)
			r.Checkpoint = ct.Value(w.a.Head.Checkpoint().Sign(logproof.LogSigner(w.a.Origin, w.b.Log)))(t)
			return r
		}, connect.CodeInvalidArgument, "checkpoint"},
		"the checkpoint is missing": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			w.a.Add(ct.Report("h_1", 2, "pass", ""))
			r := w.a.Request(2)
			r.Checkpoint = nil
			return r
		}, connect.CodeInvalidArgument, "checkpoint"},
		"the log is another practice's": {func(t *testing.T, w world) *centralv1.SubmitEvidenceRequest {
			r := w.b.Request(0)
			return r
		}, connect.CodePermissionDenied, "not this appliance's"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := *w.a.Head.Clone()
			entries := w.a.Entries[:2:2]
			_, err := w.a.Client.SubmitEvidence(t.Context(), connect.NewRequest(tt.bad(t, w)))
			if connect.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("SubmitEvidence = %v; want %v with %q", err, tt.code, tt.says)
			}
			held := ct.Value(w.c.Store.Witnessed(context.Background(), w.a.Origin))(t)
			if held.Size != 2 {
				t.Errorf("witnessed size = %d; want 2, nothing taken", held.Size)
			}
			// It costs nothing else: the good entry is taken afterwards.
			w.a.Head, w.a.Entries = &before, entries
			w.a.Add(ct.Report("h_1", 9, "pass", ""))
			if answer, err := w.a.Submit(2); err != nil || answer.GetSize() != 3 {
				t.Errorf("the good entry afterwards = %v, %v; want size 3", answer, err)
			}
		})
	}
}

// foreignChain is a chain of another Central that endorses a's keys.
func foreignChain(t *testing.T, w world) []byte {
	t.Helper()
	other := ct.New(t)
	site := other.Site("Evil", "Twin")
	a := other.Unclaimed()
	a.TLS, a.CA, a.Command, a.Bundle, a.Log = w.a.TLS, w.a.CA, w.a.Command, w.a.Bundle, w.a.Log
	ct.Check(t, a.Claim(other.Code(site.ID, time.Hour)))
	// Its document names other ids; only the root is judged first.
	doc := ct.Value(resign(other, w, a))(t)
	return doc
}

func TestTheFirstEntryMustNameWhatWasRegistered(t *testing.T) {
	for name, change := range map[string]func(e *bundle.Epoch){
		"another origin":         func(e *bundle.Epoch) { e.Origin = "osiris.care/s_x/0" },
		"another command key":    func(e *bundle.Epoch) { e.CommandKey = hex.EncodeToString(make([]byte, 32)) },
		"another log key":        func(e *bundle.Epoch) { e.LogVKey = "x" },
		"an invented past":       func(e *bundle.Epoch) { e.LastCheckpoint = "x\n" },
		"entries kept of no log": func(e *bundle.Epoch) { e.KeptSize, e.LocalSize = 1, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := ct.New(t)
			a := c.Appliance(c.Site("Riverside", "Main Street").ID)
			b := ct.Value(bundle.Decode(a.Entries[0].GetBundle()))(t)
			change(b.Epoch)
			a.Head, a.Entries = logproof.NewHead(a.Origin), nil
			a.Add(b)
			if _, err := a.Submit(0); connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "entry 0: the log's first entry") {
				t.Errorf("Submit = %v; want entry 0 refused", err)
			}
		})
	}
	t.Run("no epoch at all", func(t *testing.T) {
		c := ct.New(t)
		a := c.Appliance(c.Site("Riverside", "Main Street").ID)
		a.Head, a.Entries = logproof.NewHead(a.Origin), nil
		a.Add(ct.Report("h_1", 1, "pass", ""))
		if _, err := a.Submit(0); err == nil || !strings.Contains(err.Error(), "entry 0") {
			t.Errorf("Submit = %v; want entry 0 refused", err)
		}
	})
}

func TestABatchThatBeginsBehindTheEndIsAnsweredWithTheSize(t *testing.T) {
	w := newWorld(t)
	for n := uint64(2); n < 6; n++ {
		w.a.Add(ct.Report("h_1", n, "pass", ""))
	}
	if answer := ct.Value(w.a.Submit(4))(t); answer.GetSize() != 2 || answer.GetCosigned() != nil {
		t.Errorf("answer = %v; want size 2 and nothing cosigned", answer)
	}
	// Overlap with what is held is fine.
	if answer := ct.Value(w.a.Submit(1))(t); answer.GetSize() != 6 || answer.GetCosigned() == nil {
		t.Errorf("answer = %v; want size 6, cosigned", answer)
	}
	if answer := ct.Value(w.a.Submit(6))(t); answer.GetSize() != 6 {
		t.Errorf("an empty batch = %v; want size 6", answer)
	}
}

func TestTheWitnessNeverSignsAFork(t *testing.T) {
	w := newWorld(t)
	fork := *w.a
	fork.Head, fork.Entries = w.a.Head.Clone(), append([]*centralv1.LogEntry(nil), w.a.Entries...)
	w.a.Add(ct.Report("h_1", 2, "pass", ""))
	fork.Add(ct.Report("h_1", 3, "fail", ""))
	answers := make(chan error, 2)
	for _, a := range []*ct.Appliance{w.a, &fork} {
		go func() { _, err := a.Submit(2); answers <- err }()
	}
	failed := 0
	for range 2 {
		if err := <-answers; err != nil {
			failed++
			if connect.CodeOf(err) != connect.CodeFailedPrecondition {
				t.Errorf("the fork = %v; want failed precondition", err)
			}
		}
	}
	if failed != 1 {
		t.Errorf("%d of two histories were refused; want exactly one", failed)
	}
	// A longer history that contradicts the taken one is refused too.
	fork.Add(ct.Report("h_1", 4, "pass", ""))
	w.a.Add(ct.Report("h_1", 5, "pass", ""))
	_, errA := w.a.Submit(3)
	_, errB := fork.Submit(3)
	if (errA == nil) == (errB == nil) {
		t.Errorf("after the fork: %v and %v; want one refused", errA, errB)
	}
}

func TestConcurrentSubmissionsOfOneLogTakeEachEntryOnce(t *testing.T) {
	w := newWorld(t)
	for n := uint64(2); n < 40; n++ {
		w.a.Add(ct.Report("h_1", n, "pass", ""))
	}
	request := w.a.Request(2)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			answer, err := w.a.Client.SubmitEvidence(context.Background(), connect.NewRequest(request))
			if err == nil && (answer.Msg.GetSize() != 40 || answer.Msg.GetCosigned() == nil) {
				err = fmt.Errorf("answer %v; want size 40, cosigned", answer.Msg)
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	entries := ct.Value(w.c.Store.EntriesByArrival(context.Background(), 0, 100))(t)
	if len(entries) != 40 {
		t.Errorf("entries = %d; want 40", len(entries))
	}
}
