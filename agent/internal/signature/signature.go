// Package signature holds the newest signed list that recognises remote
// management software (trust.v1.SignatureList). A list is taken only when one of
// the release keys signed it in its own context, when it is newer than the one
// held, has not expired and stays within bounds; it is a file that survives a
// crash. A list that expires while it is held goes on finding products, and
// says that it has expired. Times are Unix milliseconds, sizes bytes. ErrOlder
// and ErrExpired come from shared/trust, ErrKey and ErrSignature from
// shared/signed, ErrBounds is here.
package signature

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

const (
	fileName = "signatures.bin" // a trust.v1.SignedEnvelope
	// fileMode keeps other users of the machine from seeing what is looked for.
	fileMode = 0o600
)

// Signatures is what the agent holds. Its methods may be called from any
// goroutine.
type Signatures struct {
	path  string
	keys  []ed25519.PublicKey
	nowMs func() int64

	mu   sync.Mutex
	list *List
}

// New reads what is stored in folder; keys are the release keys and nowMs the
// agent's clock. A file that cannot be read, or does not verify any more because
// it was damaged or its key is gone, is an error; what New gives works without
// it, and the next list replaces the file.
func New(folder string, keys []ed25519.PublicKey, nowMs func() int64) (*Signatures, error) {
	s := &Signatures{path: filepath.Join(folder, fileName), keys: keys, nowMs: nowMs}
	envelope, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		s.list, err = s.open(envelope)
	}
	if err != nil {
		return s, fmt.Errorf("reading signature list: %w", err)
	}
	return s, nil
}

// Apply takes a newer list, an envelope encoded as it came, and reports whether
// it did. What is refused changes nothing; the list that is held is no error.
func (s *Signatures) Apply(envelope []byte) (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := s.open(envelope)
	if err == nil && s.nowMs() >= next.ExpiresMs {
		err = trust.ErrExpired
	}
	if err == nil && s.list != nil {
		if next.Version == s.list.Version {
			return false, nil
		}
		if next.Version < s.list.Version {
			err = trust.ErrOlder
		}
	}
	if err == nil {
		err = atomicfile.Write(s.path, envelope, fileMode)
	}
	if err != nil {
		return false, fmt.Errorf("taking signature list: %w", err)
	}
	s.list = next
	return true, nil
}

// open verifies an encoded envelope by the key it names and reads its list.
func (s *Signatures) open(b []byte) (*List, error) {
	w := &trustlite.SignedEnvelope{}
	if err := wire.Decode(b, (*wire.Envelope)(w)); err != nil {
		return nil, err
	}
	e, err := signed.FromWire(w)
	if err != nil {
		return nil, err
	}
	for _, key := range s.keys {
		if signed.IDOf(key) != e.KeyID {
			continue
		}
		payload, err := e.Open(signed.RMM, key)
		if err != nil {
			return nil, err
		}
		return parse(payload)
	}
	return nil, signed.ErrKey
}

// Version is that of the list that is held, 0 without one.
func (s *Signatures) Version() uint64 {
	if list, _ := s.Held(); list != nil {
		return list.Version
	}
	return 0
}

// Held is the list, nil when there is none, and whether it has expired. Callers
// do not change it.
func (s *Signatures) Held() (list *List, expired bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list, s.list != nil && s.nowMs() >= s.list.ExpiresMs
}
