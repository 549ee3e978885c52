package logproof

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// entryHeader is the first line of an entry.
const entryHeader = "osiris.care/log-entry@v1"

// maxEntry bounds what ParseEntry looks at; real entries have about 320 bytes.
const maxEntry = 1024

// Entry is one leaf of the log: which bundle stands at which position, after
// which entry.
type Entry struct {
	Origin   string
	Position uint64
	Bundle   Hash // SHA-256 of bundle.json
	Sig      Hash // SHA-256 of bundle.sig, so that the stored file cannot be swapped
	Prev     Hash // chain hash of the entry before; zeros at position 0
}

// Marshal gives the entry's bytes.
func (e Entry) Marshal() []byte {
	b := make([]byte, 0, 256+len(e.Origin))
	b = append(b, entryHeader+"\norigin "...)
	b = append(b, e.Origin...)
	b = append(b, "\nposition "...)
	b = strconv.AppendUint(b, e.Position, 10)
	b = append(b, "\nbundle "...)
	b = hex.AppendEncode(b, e.Bundle[:])
	b = append(b, "\nsig "...)
	b = hex.AppendEncode(b, e.Sig[:])
	b = append(b, "\nprev "...)
	b = hex.AppendEncode(b, e.Prev[:])
	return append(b, '\n')
}

// ParseEntry reads what Marshal writes and nothing else.
func ParseEntry(b []byte) (Entry, error) {
	if len(b) > maxEntry {
		return Entry{}, fmt.Errorf("%w: a log entry of %d bytes", ErrMalformed, len(b))
	}
	lines := strings.Split(string(b), "\n")
	if len(lines) != 7 || lines[0] != entryHeader {
		return Entry{}, fmt.Errorf("%w: not a log entry", ErrMalformed)
	}
	var values [5]string
	for i, key := range []string{"origin ", "position ", "bundle ", "sig ", "prev "} {
		value, ok := strings.CutPrefix(lines[i+1], key)
		if !ok {
			return Entry{}, fmt.Errorf("%w: line %d of the log entry is not %q", ErrMalformed, i+2, strings.TrimSpace(key))
		}
		values[i] = value
	}
	e := Entry{Origin: values[0]}
	if _, _, err := ParseOrigin(e.Origin); err != nil {
		return Entry{}, err
	}
	var err error
	if e.Position, err = parseNumber(values[1]); err != nil {
		return Entry{}, fmt.Errorf("log position: %w", err)
	}
	for i, h := range []*Hash{&e.Bundle, &e.Sig, &e.Prev} {
		if *h, err = parseHex(values[i+2]); err != nil {
			return Entry{}, err
		}
	}
	if string(e.Marshal()) != string(b) {
		return Entry{}, fmt.Errorf("%w: log entry is not in its one form", ErrMalformed)
	}
	return e, nil
}

// ChainHash is what the next entry names as its predecessor.
func ChainHash(entry []byte) Hash { return HashOf(entry) }

// LeafHash is the entry's hash in the Merkle tree (RFC 6962 2.1).
func LeafHash(entry []byte) Hash { return tlog.RecordHash(entry) }
