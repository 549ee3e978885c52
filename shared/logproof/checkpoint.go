package logproof

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// maxCheckpoint bounds a signed checkpoint: three lines and some signatures.
const maxCheckpoint = 16 << 10

// Checkpoint says that a log had this root at this size.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
}

// Text is the checkpoint as it is signed.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// Sign makes the signed note.
func (c Checkpoint) Sign(log note.Signer) ([]byte, error) {
	if log.Name() != c.Origin {
		return nil, fmt.Errorf("signing checkpoint of %s: the key is named %s", c.Origin, log.Name())
	}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, log)
	if err != nil {
		return nil, fmt.Errorf("signing checkpoint: %w", err)
	}
	return signed, nil
}

// parseText reads the three lines that Text writes. Extension lines, which
// C2SP permits, are refused: our logs have none.
func parseText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, fmt.Errorf("%w: not a checkpoint of three lines", ErrMalformed)
	}
	size, err := parseNumber(lines[1])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint size: %w", err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint root %q", ErrMalformed, clip(lines[2]))
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: Hash(root)}
	if c.Text() != text {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint is not in its one form", ErrMalformed)
	}
	return c, nil
}

// PeekCheckpoint reads a signed checkpoint without verifying any signature: to
// learn which keys to ask.
func PeekCheckpoint(signed []byte) (Checkpoint, error) {
	text, _, found := strings.Cut(string(signed), "\n\n")
	if len(signed) > maxCheckpoint || !found {
		return Checkpoint{}, fmt.Errorf("%w: not a signed checkpoint", ErrMalformed)
	}
	return parseText(text + "\n")
}

// Opened is a checkpoint whose signatures were verified.
type Opened struct {
	Checkpoint
	Cosigned []Cosignature // by the witnesses given, in file order
}

// Cosignature is one witness's statement.
type Cosignature struct {
	Witness string // key name
	Time    time.Time
}

// OpenCheckpoint verifies a signed checkpoint. The log's key must have signed
// it, in the first line. Every other line must be a cosignature of one of the
// witnesses, in the order given, so that a checkpoint has one form: a line of a
// key that is not given is ErrUnknown, a wrong one ErrSignature.
func OpenCheckpoint(signed []byte, log note.Verifier, witnesses ...note.Verifier) (Opened, error) {
	if len(signed) > maxCheckpoint {
		return Opened{}, fmt.Errorf("%w: a checkpoint of %d bytes", ErrMalformed, len(signed))
	}
	n, err := note.Open(signed, note.VerifierList(append([]note.Verifier{log}, witnesses...)...))
	if err != nil {
		return Opened{}, fmt.Errorf("opening checkpoint: %w", noteError(err))
	}
	c, err := parseText(n.Text)
	if err != nil {
		return Opened{}, err
	}
	if c.Origin != log.Name() {
		return Opened{}, fmt.Errorf("%w: checkpoint of %q under the key of %s", ErrMalformed, clip(c.Origin), log.Name())
	}
	if len(n.UnverifiedSigs) > 0 {
		s := n.UnverifiedSigs[0]
		return Opened{}, fmt.Errorf("opening checkpoint: %w %s+%08x", ErrUnknown, clip(s.Name), s.Hash)
	}
	opened := Opened{Checkpoint: c}
	if !slices.ContainsFunc(n.Sigs, by(log)) {
		return Opened{}, fmt.Errorf("%w: the log's key did not sign the checkpoint", ErrSignature)
	}
	rest := witnesses
	for i, s := range n.Sigs {
		if i == 0 {
			if !by(log)(s) {
				return Opened{}, fmt.Errorf("%w: the log's line of the checkpoint is not the first", ErrMalformed)
			}
			continue
		}
		place := slices.IndexFunc(rest, func(w note.Verifier) bool { return by(w)(s) })
		if place < 0 {
			return Opened{}, fmt.Errorf("%w: cosignatures of the checkpoint are not in the order of the witnesses", ErrMalformed)
		}
		rest = rest[place+1:]
		at, err := cosignatureTime(s)
		if err != nil {
			return Opened{}, err
		}
		opened.Cosigned = append(opened.Cosigned, Cosignature{s.Name, at})
	}
	if again, err := note.Sign(n); err != nil || !sameNote(again, signed) {
		return Opened{}, fmt.Errorf("%w: checkpoint is not in its one form", ErrMalformed)
	}
	return opened, nil
}

// by tells the lines of a key.
func by(key note.Verifier) func(note.Signature) bool {
	return func(s note.Signature) bool { return s.Name == key.Name() && s.Hash == key.KeyHash() }
}

// sameNote also refuses base64 whose unused bits are set: the decoder of
// sumdb/note ignores them.
func sameNote(again, signed []byte) bool {
	if string(again) != string(signed) {
		return false
	}
	_, sigs, _ := strings.Cut(string(signed), "\n\n")
	for line := range strings.Lines(sigs) {
		b64 := strings.TrimSuffix(line[strings.LastIndexByte(line, ' ')+1:], "\n")
		if _, err := base64.StdEncoding.Strict().DecodeString(b64); err != nil {
			return false
		}
	}
	return true
}

// noteError maps the errors of sumdb/note to ours.
func noteError(err error) error {
	var invalid *note.InvalidSignatureError
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &invalid):
		return fmt.Errorf("%w: line of %s", ErrSignature, clip(invalid.Name))
	case errors.As(err, &unverified):
		return fmt.Errorf("%w: no line of a known key", ErrUnknown)
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}
