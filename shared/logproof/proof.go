package logproof

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// proofHeader is the first line of a proof file (C2SP tlog-proof).
const proofHeader = "c2sp.org/tlog-proof@v1"

// maxProof bounds a proof file: an entry, at most 63 hashes and a checkpoint.
const maxProof = 32 << 10

// Proof is the file that shows an entry to be in the log: the entry (as the
// format's extra data), its index, the inclusion path and a checkpoint.
type Proof struct {
	Entry      []byte
	Index      uint64
	Hashes     []Hash
	Checkpoint []byte // signed note
}

// Prove makes the proof that entry stands at index in the tree of the signed
// checkpoint.
func Prove(entry []byte, index uint64, checkpoint []byte, nodes tlog.HashReader) (Proof, error) {
	c, err := PeekCheckpoint(checkpoint)
	if err != nil {
		return Proof{}, err
	}
	hashes, err := tlog.ProveRecord(int64(c.Size), int64(index), nodes)
	if err != nil {
		return Proof{}, fmt.Errorf("proving entry %d in %d: %w", index, c.Size, err)
	}
	return Proof{entry, index, hashes, checkpoint}, nil
}

// Marshal gives the file's bytes.
func (p Proof) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader + "\nextra ")
	b.WriteString(base64.StdEncoding.EncodeToString(p.Entry))
	b.WriteString("\nindex ")
	b.WriteString(strconv.FormatUint(p.Index, 10))
	b.WriteByte('\n')
	for _, h := range p.Hashes {
		b.WriteString(h.String())
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads what Marshal writes and nothing else. It verifies nothing.
func ParseProof(b []byte) (Proof, error) {
	if len(b) > maxProof {
		return Proof{}, fmt.Errorf("%w: a proof of %d bytes", ErrMalformed, len(b))
	}
	top, checkpoint, found := bytes.Cut(b, []byte("\n\n"))
	lines := strings.Split(string(top), "\n")
	if !found || len(lines) < 3 || lines[0] != proofHeader {
		return Proof{}, fmt.Errorf("%w: not a %s file", ErrMalformed, proofHeader)
	}
	extra, okExtra := strings.CutPrefix(lines[1], "extra ")
	index, okIndex := strings.CutPrefix(lines[2], "index ")
	if !okExtra || !okIndex {
		return Proof{}, fmt.Errorf("%w: proof without its extra or index line", ErrMalformed)
	}
	p := Proof{Checkpoint: checkpoint}
	var err error
	if p.Entry, err = base64.StdEncoding.DecodeString(extra); err != nil {
		return Proof{}, fmt.Errorf("%w: extra line of the proof", ErrMalformed)
	}
	if p.Index, err = parseNumber(index); err != nil {
		return Proof{}, fmt.Errorf("index line of the proof: %w", err)
	}
	for i, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return Proof{}, fmt.Errorf("%w: hash %d of the proof", ErrMalformed, i)
		}
		p.Hashes = append(p.Hashes, h)
	}
	if !bytes.Equal(p.Marshal(), b) {
		return Proof{}, fmt.Errorf("%w: proof is not in its one form", ErrMalformed)
	}
	return p, nil
}

// CheckInclusion verifies that the entry is in the tree that the checkpoint
// states, at the index that both the file and the entry state. It looks at no
// signature.
func (p Proof) CheckInclusion() (Entry, Checkpoint, error) {
	e, err := ParseEntry(p.Entry)
	if err != nil {
		return Entry{}, Checkpoint{}, err
	}
	c, err := PeekCheckpoint(p.Checkpoint)
	if err != nil {
		return Entry{}, Checkpoint{}, err
	}
	switch {
	case e.Position != p.Index:
		return e, c, fmt.Errorf("%w: entry %d under index %d", ErrProof, e.Position, p.Index)
	case e.Origin != c.Origin:
		return e, c, fmt.Errorf("%w: entry of %s under a checkpoint of %q", ErrProof, e.Origin, clip(c.Origin))
	case p.Index >= c.Size:
		return e, c, fmt.Errorf("%w: entry %d in a tree of %d", ErrProof, p.Index, c.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, int64(c.Size), c.Root, int64(p.Index), LeafHash(p.Entry)); err != nil {
		return e, c, fmt.Errorf("%w: entry %d is not in the tree of %d", ErrProof, p.Index, c.Size)
	}
	return e, c, nil
}
