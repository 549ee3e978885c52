package logproof_test

import (
	"testing"

	"github.com/osiriscare/osiris/shared/logproof"
)

// What a parser accepts, the writer gives back byte for byte.

func FuzzParseEntry(f *testing.F) {
	for _, e := range newLog(3).entries {
		f.Add(e)
	}
	f.Add([]byte("osiris.care/log-entry@v1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := logproof.ParseEntry(b); err == nil && string(e.Marshal()) != string(b) {
			t.Errorf("ParseEntry(%q) accepts what Marshal does not write", b)
		}
	})
}

func FuzzParseProof(f *testing.F) {
	l := newLog(6)
	for i := range uint64(6) {
		p, err := logproof.Prove(l.entries[i], i, l.checkpoint(f, 6), l.reader())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.Marshal())
	}
	f.Add(logproof.Proof{Entry: l.entries[0], Hashes: make([]logproof.Hash, 62), Checkpoint: []byte(hugeCheckpoint(f))}.Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := logproof.ParseProof(b)
		if err != nil {
			return
		}
		if string(p.Marshal()) != string(b) {
			t.Errorf("ParseProof(%q) accepts what Marshal does not write", b)
		}
		if e, c, err := p.CheckInclusion(); err == nil && (e.Position != p.Index || c.Size <= p.Index) {
			t.Errorf("CheckInclusion(%q) = %+v in %+v", b, e, c)
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	w, own := witness(f)
	l := newLog(4)
	c := l.checkpoint(f, 4)
	cosigned, err := w.Cosign(c, logVerifier(f), cosignedAt)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c)
	f.Add(cosigned)
	f.Add([]byte(hugeCheckpoint(f)))
	good := map[string]bool{string(c): true, string(cosigned): true}
	log := logVerifier(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := logproof.OpenCheckpoint(b, log, own); err == nil && !good[string(b)] {
			t.Errorf("OpenCheckpoint(%q) accepts what nobody signed", b)
		}
		_, _ = logproof.PeekCheckpoint(b)
		if kept, err := logproof.KeepLines(b, log, own); err == nil && len(kept) > len(b)+2 {
			t.Errorf("KeepLines(%q) = %q", b, kept)
		}
	})
}

func FuzzVKey(f *testing.F) {
	w, _ := witness(f)
	f.Add(logproof.LogVKey(origin, key(f, "log").Public()))
	f.Add(w.VKey())
	f.Fuzz(func(t *testing.T, s string) {
		if name, pub, err := logproof.ParseLogVKey(s); err == nil && logproof.LogVKey(name, pub) != s {
			t.Errorf("ParseLogVKey(%q) accepts what LogVKey does not write", s)
		}
		if name, pub, err := logproof.ParseWitnessVKey(s); err == nil && logproof.WitnessVKey(name, pub) != s {
			t.Errorf("ParseWitnessVKey(%q) accepts what WitnessVKey does not write", s)
		}
		if site, epoch, err := logproof.ParseOrigin(s); err == nil && logproof.Origin(site, epoch) != s {
			t.Errorf("ParseOrigin(%q) = %q, %d", s, site, epoch)
		}
	})
}
