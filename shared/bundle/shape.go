package bundle

// Smallest sizes in the one form of bundle.json, bytes, rounded down: with them
// a list's length is bounded by its file's before memory is spent on it.
// Without, a file of 1 MiB of "{}," took 500 MB (2026-11-22).
const (
	minObject  = 32  // any but the two maps and the three that may be null
	minElement = 8   // of any list or map: indent, quotes, comma and newline
	minVerdict = 160 //
	minAction  = 80
	minFact    = 32
)

// plausible looks at JSON before it is decoded: whether it has few enough
// objects, elements and nulls for its length. All it refuses, Decode would
// refuse too, later.
func plausible(data []byte) bool {
	objects, elements, nulls := 0, 0, 0
	quoted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			objects++
		case c == ',':
			elements++
		case c == 'n': // of no other literal
			nulls++
		}
	}
	const maps, nullable = 8, 4
	return objects*minObject <= len(data)+maps*minObject && elements*minElement <= len(data) && nulls <= nullable
}

// fits reports whether the lists can have come from size bytes in the one form.
func (b *Bundle) fits(size int) bool {
	least := minVerdict*len(b.Verdicts) + minAction*len(b.Actions) +
		minElement*(len(b.HIPAAControls)+len(b.PreState)+len(b.PostState))
	if b.Verdict != nil {
		least += minFact * len(b.Verdict.Facts)
	}
	for _, v := range b.Verdicts {
		least += minFact * len(v.Facts)
	}
	return least <= size
}
