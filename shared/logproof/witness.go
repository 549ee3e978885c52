package logproof

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/signed"
	"golang.org/x/mod/sumdb/note"
)

// cosignatureSize is an 8-byte big-endian Unix time and an Ed25519 signature.
const cosignatureSize = 8 + ed25519.SignatureSize

// Witness cosigns checkpoints. It remembers nothing: before it calls Cosign, the
// caller has proved that the checkpoint continues the one it cosigned before
// (Head.Accept, or CheckConsistency), and has stored that durably.
type Witness struct {
	name string
	hash uint32
	key  *signed.Key
}

// NewWitness makes the witness with this key name and key.
func NewWitness(name string, key *signed.Key) *Witness {
	return &Witness{name, keyHash(name, append([]byte{algCosignature}, key.Public()...)), key}
}

// VKey is the witness's public key as TrustDoc lists it.
func (w *Witness) VKey() string { return WitnessVKey(w.name, w.key.Public()) }

// Cosign verifies the log's signature on checkpoint, which must bear no other
// line, and adds the witness's cosignature at time at.
func (w *Witness) Cosign(checkpoint []byte, log note.Verifier, at time.Time) ([]byte, error) {
	if _, err := OpenCheckpoint(checkpoint, log); err != nil {
		return nil, err
	}
	n, err := note.Open(checkpoint, note.VerifierList(log))
	if err != nil {
		return nil, fmt.Errorf("cosigning: %w", noteError(err))
	}
	cosigned, err := note.Sign(n, witnessAt{w, at})
	if err != nil {
		return nil, fmt.Errorf("cosigning: %w", err)
	}
	return cosigned, nil
}

// witnessAt is the witness as sumdb/note's Signer at one time.
type witnessAt struct {
	*Witness
	at time.Time
}

func (w witnessAt) Name() string    { return w.name }
func (w witnessAt) KeyHash() uint32 { return w.hash }

func (w witnessAt) Sign(msg []byte) ([]byte, error) {
	at := uint64(w.at.Unix())
	sig := binary.BigEndian.AppendUint64(make([]byte, 0, cosignatureSize), at)
	return append(sig, ed25519.Sign(w.key.Private(), cosignatureMessage(at, msg))...), nil
}

// cosignatureMessage is what a witness signs (C2SP tlog-cosignature).
func cosignatureMessage(at uint64, text []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(at, 10)+"\n"), text...)
}

func verifyCosignature(pub ed25519.PublicKey, msg, sig []byte) bool {
	if len(sig) != cosignatureSize {
		return false
	}
	return ed25519.Verify(pub, cosignatureMessage(binary.BigEndian.Uint64(sig), msg), sig[8:])
}

// cosignatureTime reads the time out of a verified signature line.
func cosignatureTime(s note.Signature) (time.Time, error) {
	b, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(b) != 4+cosignatureSize {
		return time.Time{}, fmt.Errorf("%w: cosignature of %s", ErrMalformed, clip(s.Name))
	}
	return time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0).UTC(), nil
}

// KeepLines returns the checkpoint with only the signature lines of the keys
// given, in their order: what goes into a proof file holds no line its reader
// cannot check, and OpenCheckpoint wants the log's key and then the witnesses.
// It verifies none of them.
func KeepLines(signed []byte, keys ...note.Verifier) ([]byte, error) {
	text, sigs, found := strings.Cut(string(signed), "\n\n")
	if !found || len(signed) > maxCheckpoint {
		return nil, fmt.Errorf("%w: not a signed checkpoint", ErrMalformed)
	}
	lines := make([]string, len(keys)) // of each key
	for line := range strings.Lines(sigs) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return nil, fmt.Errorf("%w: signature line", ErrMalformed)
		}
		b, err := base64.StdEncoding.DecodeString(fields[2])
		if err != nil || len(b) < 4 {
			return nil, fmt.Errorf("%w: signature line", ErrMalformed)
		}
		for i, k := range keys {
			if fields[1] == k.Name() && binary.BigEndian.Uint32(b) == k.KeyHash() {
				lines[i] += line
				break
			}
		}
	}
	return []byte(text + "\n\n" + strings.Join(lines, "")), nil
}
