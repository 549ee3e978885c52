package logproof

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is a Merkle tree in compact form: its size and the roots of its complete
// subtrees, widest first. Copying the struct does not copy the tree: use Clone.
type Tree struct {
	size  uint64
	roots []Hash
}

// LoadTree makes the compact tree of the first size entries from stored nodes.
func LoadTree(size uint64, nodes tlog.HashReader) (*Tree, error) {
	t := &Tree{size: size}
	var indexes []int64
	for start, rest := uint64(0), size; rest > 0; {
		level := bits.Len64(rest) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, int64(start>>level)))
		start += 1 << level
		rest -= 1 << level
	}
	if len(indexes) == 0 {
		return t, nil
	}
	roots, err := nodes.ReadHashes(indexes)
	if err != nil {
		return nil, fmt.Errorf("reading the tree's edge at size %d: %w", size, err)
	}
	t.roots = roots
	return t, nil
}

// Size is the number of leaves.
func (t *Tree) Size() uint64 { return t.size }

// Clone is an independent copy.
func (t *Tree) Clone() *Tree {
	return &Tree{t.size, append([]Hash(nil), t.roots...)}
}

// Append adds a leaf and returns the nodes it completes: its own hash, then its
// ancestors upwards. They are tlog's stored hashes from StoredHashCount(size)
// on; NodeReader finds them again.
func (t *Tree) Append(leaf Hash) []Hash {
	completed := bits.TrailingZeros64(^t.size)
	nodes := make([]Hash, 1, completed+1)
	nodes[0] = leaf
	for range completed {
		last := len(t.roots) - 1
		leaf = tlog.NodeHash(t.roots[last], leaf)
		t.roots = t.roots[:last]
		nodes = append(nodes, leaf)
	}
	t.roots = append(t.roots, leaf)
	t.size++
	return nodes
}

// Root is the tree's root hash; an empty tree's is SHA-256 of nothing.
func (t *Tree) Root() Hash {
	if len(t.roots) == 0 {
		return HashOf(nil)
	}
	root := t.roots[len(t.roots)-1]
	for i := len(t.roots) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.roots[i], root)
	}
	return root
}

// NodeReader reads tree nodes where each position keeps what Append returned
// for it, concatenated: one row a leaf, no table of nodes.
func NodeReader(at func(position uint64) ([]byte, error)) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		hashes := make([]Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			position := uint64(n+1)<<level - 1
			row, err := at(position)
			if err != nil {
				return nil, fmt.Errorf("reading tree nodes of position %d: %w", position, err)
			}
			const size = len(Hash{})
			if len(row) < (level+1)*size {
				return nil, fmt.Errorf("%w: tree nodes of position %d", ErrMalformed, position)
			}
			hashes[i] = Hash(row[level*size : (level+1)*size])
		}
		return hashes, nil
	})
}

// JoinNodes concatenates nodes as NodeReader wants them.
func JoinNodes(nodes []Hash) []byte {
	b := make([]byte, 0, len(nodes)*len(Hash{}))
	for _, n := range nodes {
		b = append(b, n[:]...)
	}
	return b
}

// RootAt is the root of the first size leaves.
func RootAt(size uint64, nodes tlog.HashReader) (Hash, error) {
	t, err := LoadTree(size, nodes)
	if err != nil {
		return Hash{}, err
	}
	return t.Root(), nil
}

// CheckConsistency verifies that the tree (newSize, newRoot) continues
// (oldSize, oldRoot). A wrong proof is ErrProof.
func CheckConsistency(proof []Hash, oldSize uint64, oldRoot Hash, newSize uint64, newRoot Hash) error {
	if newSize >= maxSize {
		return fmt.Errorf("%w: tree of %d", ErrMalformed, newSize)
	}
	if oldSize > newSize {
		return fmt.Errorf("%w: from %d back to %d", ErrProof, oldSize, newSize)
	}
	if oldSize == newSize {
		if oldRoot != newRoot {
			return fmt.Errorf("%w: two roots at size %d", ErrFork, oldSize)
		}
		return nil
	}
	if oldSize == 0 {
		return nil
	}
	if err := tlog.CheckTree(proof, int64(newSize), newRoot, int64(oldSize), oldRoot); err != nil {
		return fmt.Errorf("%w: consistency of %d and %d", ErrProof, oldSize, newSize)
	}
	return nil
}

// ProveConsistency makes what CheckConsistency checks.
func ProveConsistency(oldSize, newSize uint64, nodes tlog.HashReader) ([]Hash, error) {
	if oldSize == 0 || oldSize == newSize {
		return nil, nil
	}
	return tlog.ProveTree(int64(newSize), int64(oldSize), nodes)
}
