package bundle

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/osiriscare/osiris/shared/logproof"
)

// logView is one log as an export shows it.
type logView struct {
	seen     map[uint64]seen
	points   map[uint64]stated
	cosigned uint64
}

// seen is an entry and the folder that has it.
type seen struct {
	folder            string
	chain, prev, leaf logproof.Hash
}

// add notes a folder's entry and checkpoint, and what they contradict.
func (v *logView) add(folder string, l *logged, problem func(file, what string)) {
	at := l.entry.Position
	proof := filepath.Join(folder, FileProof)
	if other, ok := v.seen[at]; ok {
		problem(proof, fmt.Sprintf("is for position %d, as is the one in %s", at, other.folder))
		return
	}
	v.seen[at] = seen{folder, l.chain, l.entry.Prev, l.leaf}
	v.state(proof, l.point, l.cosigned, problem)
}

// state notes a verified checkpoint, wherever it was found.
func (v *logView) state(file string, point logproof.Checkpoint, cosigned bool, problem func(file, what string)) {
	if other, ok := v.points[point.Size]; ok && other.root != point.Root {
		problem(file, fmt.Sprintf("states another root at size %d than %s: the log has two histories", point.Size, other.file))
		return
	}
	v.points[point.Size] = stated{point.Root, file}
	if cosigned {
		v.cosigned = max(v.cosigned, point.Size)
	}
}

// judge compares neighbours, recomputes roots as far as the entries reach
// without a hole, and says what is missing.
func (v *logView) judge(origin string, problem func(file, what string)) LogReport {
	r := LogReport{Origin: origin, Entries: len(v.seen), CosignedSize: v.cosigned, Missing: []Range{}}
	for size := range v.points {
		r.Size = max(r.Size, size)
	}
	head := &logproof.Tree{}
	next := uint64(0)
	recomputed := 0
	for _, at := range slices.Sorted(maps.Keys(v.seen)) {
		e := v.seen[at]
		if at > next {
			r.Missing = append(r.Missing, Range{next, at - 1})
		}
		var before logproof.Hash
		known := at == 0
		if at > 0 {
			var s seen
			s, known = v.seen[at-1]
			before = s.chain
		}
		if known && e.prev != before {
			problem(filepath.Join(e.folder, FileProof), fmt.Sprintf("does not chain to position %d: that entry was changed or replaced", int64(at)-1))
		}
		next = at + 1
		if len(r.Missing) > 0 {
			continue
		}
		head.Append(e.leaf)
		if p, ok := v.points[next]; ok {
			recomputed++
			if p.root != head.Root() {
				problem(p.file, fmt.Sprintf("states a root at size %d that its entries do not give", next))
			}
		}
	}
	if next < r.Size {
		r.Missing = append(r.Missing, Range{next, r.Size - 1})
	}
	if r.Size > r.CosignedSize {
		r.Uncovered = r.Size - r.CosignedSize
	}
	r.Recomputed = recomputed == len(v.points)
	return r
}
