package logproof

import "fmt"

// Head is the end of a log: all that is needed to add the next entry, or to
// judge it. It is not safe for concurrent use.
type Head struct {
	Origin string
	Tree   *Tree
	Last   Hash // chain hash of the newest entry; zeros when there is none
}

// NewHead is the beginning of a log.
func NewHead(origin string) *Head { return &Head{Origin: origin, Tree: &Tree{}} }

// Clone is an independent copy, for work that may be rolled back.
func (h *Head) Clone() *Head { return &Head{h.Origin, h.Tree.Clone(), h.Last} }

// Size is the number of entries.
func (h *Head) Size() uint64 { return h.Tree.Size() }

// Checkpoint states the head.
func (h *Head) Checkpoint() Checkpoint {
	return Checkpoint{Origin: h.Origin, Size: h.Size(), Root: h.Tree.Root()}
}

// Extend makes the next entry and moves the head past it. It returns the
// entry's bytes and the tree nodes to store with it.
func (h *Head) Extend(bundle, sig Hash) (entry []byte, nodes []Hash) {
	entry = Entry{Origin: h.Origin, Position: h.Size(), Bundle: bundle, Sig: sig, Prev: h.Last}.Marshal()
	return entry, h.push(entry)
}

// Accept moves the head past a foreign entry if it is the next one: same
// origin, next position, right predecessor, and these two file hashes. It
// returns the tree nodes to store with it. A refusal leaves the head as it was;
// ErrFork means the entry continues another history.
func (h *Head) Accept(entry []byte, bundle, sig Hash) (nodes []Hash, err error) {
	e, err := ParseEntry(entry)
	if err != nil {
		return nil, err
	}
	switch {
	case e.Origin != h.Origin:
		return nil, fmt.Errorf("%w: entry of %s in %s", ErrFork, e.Origin, h.Origin)
	case e.Position != h.Size():
		return nil, fmt.Errorf("%w: entry for position %d at %d", ErrFork, e.Position, h.Size())
	case e.Prev != h.Last:
		return nil, fmt.Errorf("%w: entry %d follows another entry %d", ErrFork, e.Position, int64(e.Position)-1)
	case e.Bundle != bundle:
		return nil, fmt.Errorf("%w: entry %d is for another bundle.json", ErrFork, e.Position)
	case e.Sig != sig:
		return nil, fmt.Errorf("%w: entry %d is for another bundle.sig", ErrFork, e.Position)
	}
	return h.push(entry), nil
}

func (h *Head) push(entry []byte) []Hash {
	h.Last = ChainHash(entry)
	return h.Tree.Append(LeafHash(entry))
}
