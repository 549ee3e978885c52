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
