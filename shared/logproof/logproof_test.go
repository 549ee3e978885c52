package logproof_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	fproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
)

const origin = "osiris.care/s_practice/0"

var cosignedAt = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func key(t testing.TB, seed string) *signed.Key {
	t.Helper()
	s := sha256.Sum256([]byte(seed))
	k, err := signed.NewKey(s[:])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// log is a log in memory: its entries and the nodes each added.
type log struct {
	head    *logproof.Head
	entries [][]byte
	nodes   [][]byte
}

func newLog(n int) *log {
	l := &log{head: logproof.NewHead(origin)}
	for i := range n {
		l.add(fmt.Sprint("bundle ", i))
	}
	return l
}

func (l *log) add(content string) {
	entry, nodes := l.head.Extend(logproof.HashOf([]byte(content)), logproof.HashOf([]byte("sig "+content)))
	l.entries, l.nodes = append(l.entries, entry), append(l.nodes, logproof.JoinNodes(nodes))
}

func (l *log) reader() tlog.HashReader {
	return logproof.NodeReader(func(position uint64) ([]byte, error) {
		if position >= uint64(len(l.nodes)) {
			return nil, errors.New("no such position")
		}
		return l.nodes[position], nil
	})
}

func (l *log) root(t testing.TB, size uint64) logproof.Hash {
	t.Helper()
	root, err := logproof.RootAt(size, l.reader())
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func (l *log) checkpoint(t testing.TB, size uint64) []byte {
	t.Helper()
	c, err := logproof.Checkpoint{Origin: origin, Size: size, Root: l.root(t, size)}.Sign(logproof.LogSigner(origin, key(t, "log")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func logVerifier(t testing.TB) note.Verifier {
	t.Helper()
	v, err := logproof.LogVerifier(logproof.LogVKey(origin, key(t, "log").Public()))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func witness(t testing.TB) (*logproof.Witness, note.Verifier) {
	t.Helper()
	w := logproof.NewWitness("osiris.care/witness/0011", key(t, "witness"))
	v, err := logproof.WitnessVerifier(w.VKey())
	if err != nil {
		t.Fatal(err)
	}
	return w, v
}

func TestRootsEqualTlogsAndMerklesAtEverySize(t *testing.T) {
	l := newLog(0)
	var stored []tlog.Hash
	for n := range 130 {
		l.add(fmt.Sprint("bundle ", n))
		hashes, err := tlog.StoredHashes(int64(n), l.entries[n], tlog.HashReaderFunc(func(i []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(i))
			for k, x := range i {
				out[k] = stored[x]
			}
			return out, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		if got, want := l.nodes[n], logproof.JoinNodes(hashes); string(got) != string(want) {
			t.Fatalf("nodes of position %d = %x; tlog stores %x", n, got, want)
		}
		if got, want := l.head.Tree.Root(), l.root(t, uint64(n+1)); got != want {
			t.Fatalf("root at %d = %v; loaded again %v", n+1, got, want)
		}
	}
}

func TestProofsAreAcceptedByMerkleAndRefusedWhenWrong(t *testing.T) {
	const size = 70
	l := newLog(size)
	hasher := rfc6962.DefaultHasher
	for n := uint64(1); n <= size; n += 7 {
		root := l.root(t, n)
		for i := range n {
			p, err := logproof.Prove(l.entries[i], i, l.checkpoint(t, n), l.reader())
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := p.CheckInclusion(); err != nil {
				t.Errorf("CheckInclusion(%d of %d) = %v", i, n, err)
			}
			if err := proof.VerifyInclusion(hasher, i, n, hasher.HashLeaf(p.Entry), raw(p.Hashes), root[:]); err != nil {
				t.Errorf("merkle.VerifyInclusion(%d of %d) = %v", i, n, err)
			}
			p.Entry = l.entries[(i+1)%size]
			if _, _, err := p.CheckInclusion(); !errors.Is(err, logproof.ErrProof) {
				t.Errorf("CheckInclusion(another entry at %d of %d) = %v; want ErrProof", i, n, err)
			}
		}
		for m := uint64(0); m <= n; m++ {
			c, err := logproof.ProveConsistency(m, n, l.reader())
			if err != nil {
				t.Fatal(err)
			}
			if err := logproof.CheckConsistency(c, m, l.root(t, m), n, root); err != nil {
				t.Errorf("CheckConsistency(%d, %d) = %v", m, n, err)
			}
			if m == 0 {
				continue
			}
			old := l.root(t, m)
			if err := proof.VerifyConsistency(hasher, m, n, raw(c), old[:], root[:]); err != nil {
				t.Errorf("merkle.VerifyConsistency(%d, %d) = %v", m, n, err)
			}
			if err := logproof.CheckConsistency(c, m, logproof.HashOf([]byte("forged")), n, root); err == nil {
				t.Errorf("CheckConsistency(forged root at %d, %d) = nil", m, n)
			}
		}
	}
}

func raw(hashes []logproof.Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}

func TestCosignedCheckpointsAreAcceptedByFormats(t *testing.T) {
	l := newLog(9)
	w, own := witness(t)
	cosigned, err := w.Cosign(l.checkpoint(t, 9), logVerifier(t), cosignedAt)
	if err != nil {
		t.Fatal(err)
	}
	theirLog, err := note.NewVerifier(logproof.LogVKey(origin, key(t, "log").Public()))
	if err != nil {
		t.Fatalf("note.NewVerifier(log vkey) = %v", err)
	}
	// formats' constructor takes a 0x01 key and treats it as a cosigner's; our
	// 0x04 vkey must be what it makes of that.
	plain, err := note.NewEd25519VerifierKey("osiris.care/witness/0011", key(t, "witness").Public())
	if err != nil {
		t.Fatal(err)
	}
	if converted, err := fnote.VKeyToCosignatureV1(plain); err != nil || converted != w.VKey() {
		t.Errorf("formats' cosigner vkey = %s, %v; ours is %s", converted, err, w.VKey())
	}
	theirWitness, err := fnote.NewVerifierForCosignatureV1(w.VKey())
	if err != nil {
		t.Fatal(err)
	}
	c, _, n, err := flog.ParseCheckpoint(cosigned, origin, theirLog, theirWitness)
	if err != nil {
		t.Fatalf("formats refuses the checkpoint: %v", err)
	}
	if root := l.root(t, 9); c.Size != 9 || string(c.Hash) != string(root[:]) || len(n.Sigs) != 2 {
		t.Errorf("formats reads size %d, %d signatures; want 9 and 2", c.Size, len(n.Sigs))
	}
	if at, err := fnote.CoSigV1Timestamp(n.Sigs[1]); err != nil || !at.Equal(cosignedAt) {
		t.Errorf("formats reads time %v, %v; want %v", at, err, cosignedAt)
	}
	opened, err := logproof.OpenCheckpoint(cosigned, logVerifier(t), own)
	if err != nil || opened.Size != 9 || len(opened.Cosigned) != 1 || !opened.Cosigned[0].Time.Equal(cosignedAt) {
		t.Errorf("OpenCheckpoint = %+v, %v; want size 9 with one cosignature", opened, err)
	}
}

func TestFormatsCosignaturesAreAccepted(t *testing.T) {
	const name = "osiris.care/witness/0011"
	skey, vkey, err := note.GenerateKey(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := fnote.NewSignerForCosignatureV1(skey)
	if err != nil {
		t.Fatal(err)
	}
	vkey, err = fnote.VKeyToCosignatureV1(vkey)
	if err != nil {
		t.Fatal(err)
	}
	l := newLog(3)
	n, err := note.Open(l.checkpoint(t, 3), note.VerifierList(logVerifier(t)))
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := note.Sign(n, signer)
	if err != nil {
		t.Fatal(err)
	}
	v, err := logproof.WitnessVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := logproof.OpenCheckpoint(cosigned, logVerifier(t), v); err != nil || len(opened.Cosigned) != 1 {
		t.Errorf("OpenCheckpoint(cosigned by formats) = %+v, %v", opened, err)
	}
}

func TestProofFilesAreReadByFormats(t *testing.T) {
	l := newLog(11)
	p, err := logproof.Prove(l.entries[6], 6, l.checkpoint(t, 11), l.reader())
	if err != nil {
		t.Fatal(err)
	}
	var theirs fproof.TLogProof
	if err := theirs.Unmarshal(p.Marshal()); err != nil {
		t.Fatal(err)
	}
	if theirs.Index != 6 || string(theirs.ExtraData) != string(l.entries[6]) || len(theirs.Hashes) != len(p.Hashes) {
		t.Errorf("formats reads %+v", theirs)
	}
	if string(theirs.Marshal()) != string(p.Marshal()) {
		t.Errorf("formats writes other bytes")
	}
}
