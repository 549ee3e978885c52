package logproof_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/logproof"
)

func TestOpenCheckpointRefuses(t *testing.T) {
	l := newLog(5)
	w, own := witness(t)
	good, err := w.Cosign(l.checkpoint(t, 5), logVerifier(t), cosignedAt)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(good), "\n") // three lines, empty, log, witness
	stranger, _ := logproof.Checkpoint{Origin: origin, Size: 5, Root: l.root(t, 5)}.Sign(logproof.LogSigner(origin, key(t, "stranger")))
	for name, c := range map[string]struct {
		note string
		want error
	}{
		"a checkpoint that only the witness signed":     {lines[0] + lines[1] + lines[2] + "\n" + lines[5], logproof.ErrSignature},
		"a checkpoint signed by another key":            {string(stranger), logproof.ErrUnknown},
		"a line of an unknown key beside good ones":     {string(good) + strings.SplitAfter(string(stranger), "\n")[4], logproof.ErrUnknown},
		"the log's line after the witness's":            {lines[0] + lines[1] + lines[2] + "\n" + lines[5] + lines[4], logproof.ErrMalformed},
		"a size for which package tlog loops for ever":  {hugeCheckpoint(t), logproof.ErrMalformed},
		"a signature line twice":                        {string(good) + lines[5], logproof.ErrMalformed},
		"another size under the old signature":          {strings.Replace(string(good), "\n5\n", "\n6\n", 1), logproof.ErrSignature},
		"an extension line":                             {lines[0] + lines[1] + lines[2] + "more\n\n" + lines[4] + lines[5], logproof.ErrSignature},
		"no signature at all":                           {lines[0] + lines[1] + lines[2] + "\n", logproof.ErrMalformed},
		"nothing":                                       {"", logproof.ErrMalformed},
		"more than a checkpoint may have":               {string(good) + strings.Repeat("— x AAAAAAA=\n", 4000), logproof.ErrMalformed},
		"base64 of a signature with a set unused bit":   {setUnusedBit(string(good)), logproof.ErrMalformed},
		"a checkpoint of another origin under this key": {"osiris.care/s_other/0" + strings.TrimPrefix(string(good), origin), logproof.ErrSignature},
	} {
		if _, err := logproof.OpenCheckpoint([]byte(c.note), logVerifier(t), own); !errors.Is(err, c.want) {
			t.Errorf("%s: OpenCheckpoint = %v; want %v", name, err, c.want)
		}
	}
}

// huge is a number that package tlog does not come back from.
const huge = 1<<62 + 1

func hugeCheckpoint(t testing.TB) string {
	c, err := logproof.Checkpoint{Origin: origin, Size: huge}.Sign(logproof.LogSigner(origin, key(t, "log")))
	if err != nil {
		t.Fatal(err)
	}
	return string(c)
}

func TestNumbersBeyondAnyLogAreRefused(t *testing.T) {
	for _, n := range []uint64{1 << 40, huge, 1<<63 - 1, 1 << 63} {
		entry := logproof.Entry{Origin: origin, Position: n}.Marshal()
		if _, err := logproof.ParseEntry(entry); !errors.Is(err, logproof.ErrMalformed) {
			t.Errorf("ParseEntry(position %d) = %v; want ErrMalformed", n, err)
		}
		p := logproof.Proof{Entry: entry, Index: n, Checkpoint: []byte(hugeCheckpoint(t))}
		if _, err := logproof.ParseProof(p.Marshal()); !errors.Is(err, logproof.ErrMalformed) {
			t.Errorf("ParseProof(index %d) = %v; want ErrMalformed", n, err)
		}
		signed, err := logproof.Checkpoint{Origin: origin, Size: n}.Sign(logproof.LogSigner(origin, key(t, "log")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := logproof.PeekCheckpoint(signed); !errors.Is(err, logproof.ErrMalformed) {
			t.Errorf("PeekCheckpoint(size %d) = %v; want ErrMalformed", n, err)
		}
		if err := logproof.CheckConsistency(nil, 1, logproof.Hash{}, n, logproof.Hash{}); !errors.Is(err, logproof.ErrMalformed) {
			t.Errorf("CheckConsistency(1, %d) = %v; want ErrMalformed", n, err)
		}
	}
	last := logproof.Entry{Origin: origin, Position: 1<<40 - 1}
	if e, err := logproof.ParseEntry(last.Marshal()); err != nil || e != last {
		t.Errorf("ParseEntry(position 2^40-1) = %+v, %v", e, err)
	}
}

// The one number that hung the verifier: an entry that is fine under a
// checkpoint of 2^62+1.
func TestAProofUnderAHugeCheckpointIsRefusedAtOnce(t *testing.T) {
	l := newLog(1)
	p, err := logproof.ParseProof(logproof.Proof{Entry: l.entries[0], Hashes: make([]logproof.Hash, 62), Checkpoint: []byte(hugeCheckpoint(t))}.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.CheckInclusion(); !errors.Is(err, logproof.ErrMalformed) {
		t.Errorf("CheckInclusion = %v; want ErrMalformed", err)
	}
}

func TestCosignaturesHaveTheOrderOfTheWitnesses(t *testing.T) {
	l := newLog(3)
	first, one := witness(t)
	second := logproof.NewWitness("osiris.care/witness/0022", key(t, "second witness"))
	two, err := logproof.WitnessVerifier(second.VKey())
	if err != nil {
		t.Fatal(err)
	}
	a, err := first.Cosign(l.checkpoint(t, 3), logVerifier(t), cosignedAt)
	if err != nil {
		t.Fatal(err)
	}
	b, err := second.Cosign(l.checkpoint(t, 3), logVerifier(t), cosignedAt)
	if err != nil {
		t.Fatal(err)
	}
	both := string(a) + strings.SplitAfter(string(b), "\n")[5]
	if opened, err := logproof.OpenCheckpoint([]byte(both), logVerifier(t), one, two); err != nil || len(opened.Cosigned) != 2 {
		t.Errorf("OpenCheckpoint(both) = %+v, %v; want two cosignatures", opened, err)
	}
	if _, err := logproof.OpenCheckpoint([]byte(both), logVerifier(t), two, one); !errors.Is(err, logproof.ErrMalformed) {
		t.Errorf("OpenCheckpoint(both, in the other order) = %v; want ErrMalformed", err)
	}
	kept, err := logproof.KeepLines([]byte(both), logVerifier(t), two, one)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := logproof.OpenCheckpoint(kept, logVerifier(t), two, one); err != nil || len(opened.Cosigned) != 2 {
		t.Errorf("OpenCheckpoint(KeepLines) = %+v, %v; want two cosignatures", opened, err)
	}
}

// setUnusedBit changes the last base64 digit of the log's line, whose 68 bytes
// leave two bits unused, so that a lax decoder gives the same bytes.
func setUnusedBit(s string) string {
	i := strings.Index(s, "=\n— osiris.care/witness")
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	at := strings.IndexByte(digits, s[i-1])
	return s[:i-1] + string(digits[at|1]) + s[i:]
}

func TestAWitnessDoesNotCosignWhatTheLogDidNotSign(t *testing.T) {
	l := newLog(5)
	w, _ := witness(t)
	forged := bytes.Replace(l.checkpoint(t, 5), []byte("\n5\n"), []byte("\n4\n"), 1)
	if out, err := w.Cosign(forged, logVerifier(t), time.Now()); err == nil {
		t.Errorf("Cosign(forged) = %s", out)
	}
}

func TestHeadAcceptsOnlyTheNextEntry(t *testing.T) {
	l := newLog(4)
	other := newLog(2)
	other.add("another history")
	other.add("its next")
	bundle, sig := logproof.HashOf([]byte("bundle 3")), logproof.HashOf([]byte("sig bundle 3"))
	head := newLog(3).head
	elsewhere := logproof.NewHead("osiris.care/s_other/0")
	foreign, _ := elsewhere.Extend(bundle, sig)
	for name, c := range map[string]struct {
		entry       []byte
		bundle, sig logproof.Hash
	}{
		"an entry of an earlier position":  {l.entries[2], logproof.HashOf([]byte("bundle 2")), logproof.HashOf([]byte("sig bundle 2"))},
		"an entry after another history":   {other.entries[3], logproof.HashOf([]byte("its next")), logproof.HashOf([]byte("sig its next"))},
		"an entry of another origin":       {foreign, bundle, sig},
		"an entry for another bundle.json": {l.entries[3], logproof.HashOf([]byte("x")), sig},
		"an entry for another bundle.sig":  {l.entries[3], bundle, logproof.HashOf([]byte("x"))},
	} {
		before := head.Checkpoint()
		if _, err := head.Accept(c.entry, c.bundle, c.sig); !errors.Is(err, logproof.ErrFork) {
			t.Errorf("%s: Accept = %v; want ErrFork", name, err)
		}
		if head.Checkpoint() != before {
			t.Errorf("%s: the head moved", name)
		}
	}
	if _, err := head.Accept(l.entries[3], bundle, sig); err != nil || head.Checkpoint() != l.head.Checkpoint() {
		t.Errorf("Accept(the next entry) = %v, head %+v; want %+v", err, head.Checkpoint(), l.head.Checkpoint())
	}
}

func TestOriginsAndKeysHaveOneForm(t *testing.T) {
	for _, bad := range []string{"", "osiris.care/", "osiris.care/s/", "osiris.care//0", "osiris.care/s/00", "osiris.care/s/-1", "osiris.care/s/1/2", "osiris.care/s x/0", "osiris.care/s+x/0", "other/s/0", "osiris.care/s/18446744073709551616"} {
		if site, epoch, err := logproof.ParseOrigin(bad); !errors.Is(err, logproof.ErrMalformed) {
			t.Errorf("ParseOrigin(%q) = %q, %d, %v; want ErrMalformed", bad, site, epoch, err)
		}
	}
	if site, epoch, err := logproof.ParseOrigin(origin); site != "s_practice" || epoch != 0 || err != nil {
		t.Errorf("ParseOrigin(%q) = %q, %d, %v", origin, site, epoch, err)
	}
	vkey := logproof.LogVKey(origin, key(t, "log").Public())
	for _, bad := range []string{"", "+", "a+b+c", vkey + "=", strings.Replace(vkey, "+", "+0", 1), logproof.WitnessVKey(origin, key(t, "log").Public())} {
		if _, err := logproof.LogVerifier(bad); !errors.Is(err, logproof.ErrMalformed) {
			t.Errorf("LogVerifier(%q) = %v; want ErrMalformed", bad, err)
		}
	}
	if _, err := logproof.WitnessVerifier(vkey); !errors.Is(err, logproof.ErrMalformed) {
		t.Errorf("WitnessVerifier(a log's vkey) = %v; want ErrMalformed", err)
	}
}

func TestKeepLinesDropsOnlyOtherKeys(t *testing.T) {
	l := newLog(2)
	w, own := witness(t)
	cosigned, err := w.Cosign(l.checkpoint(t, 2), logVerifier(t), cosignedAt)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := logproof.KeepLines(cosigned, logVerifier(t), own); err != nil || string(kept) != string(cosigned) {
		t.Errorf("KeepLines(both keys) = %q, %v", kept, err)
	}
	if kept, err := logproof.KeepLines(cosigned, logVerifier(t)); err != nil || string(kept) != string(l.checkpoint(t, 2)) {
		t.Errorf("KeepLines(the log's key) = %q, %v; want the checkpoint before cosigning", kept, err)
	}
}
