// Package logproof is the evidence log as bytes: entries, their hash chain,
// the Merkle tree over them, checkpoints, cosignatures and proofs (DESIGN
// D29-D32). It keeps no state and does no I/O; who stores what is the caller's
// matter.
//
//   - An Entry is the log's leaf, six lines of text. Its chain hash is SHA-256
//     of its bytes and is named by the entry after it.
//   - The tree is RFC 6962's, by golang.org/x/mod/sumdb/tlog. Head is the end of
//     a log: a compact tree, the last chain hash, and how to go on from there.
//   - A Checkpoint is a C2SP tlog-checkpoint signed as a note by the log's key;
//     a witness adds a cosignature/v1 line (C2SP tlog-cosignature). The name of
//     the log's key is the origin, osiris.care/<site id>/<epoch>.
//   - A Proof is a C2SP tlog-proof file whose extra data is the entry.
//
// Positions and sizes count entries from 0. Every parser is strict: it accepts
// only bytes that the matching writer makes, so that no byte of a file can be
// changed unnoticed. ErrMalformed means the bytes are not of the format;
// ErrFork means two statements about one log cannot both be true.
// Source: c2sp.org tlog-checkpoint, tlog-cosignature, tlog-proof, signed-note
// as implemented by transparency-dev/formats v0.1.1 (read 2026-11-22), which
// judges this package in its tests.
package logproof

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256: of a file, of an entry (chain hash) or a tree node.
type Hash = tlog.Hash

// maxSize bounds positions and sizes. A log of a thousand entries a second
// reaches it after 35 years; package tlog loops for ever on sizes above 2^62
// (its maxpow2 overflows; x/mod v0.42.0, read 2026-11-22).
const maxSize = 1 << 40

// Errors that callers tell apart.
var (
	ErrMalformed = errors.New("malformed")
	ErrSignature = errors.New("signature does not verify")
	ErrUnknown   = errors.New("signature line of an unknown key")
	ErrFork      = errors.New("contradicts the log")
	ErrProof     = errors.New("proof does not verify")
)

// HashOf is the SHA-256 of a file or an entry.
func HashOf(b []byte) Hash { return sha256.Sum256(b) }

// originPrefix starts the origin of every evidence log.
const originPrefix = "osiris.care/"

// Origin is the name of the log of a site in an epoch. It is the first line of
// its checkpoints and the name of the key that signs them.
func Origin(siteID string, epoch uint64) string {
	return originPrefix + siteID + "/" + strconv.FormatUint(epoch, 10)
}

// ParseOrigin takes an origin apart.
func ParseOrigin(origin string) (siteID string, epoch uint64, err error) {
	rest, ok := strings.CutPrefix(origin, originPrefix)
	siteID, number, found := strings.Cut(rest, "/")
	epoch, parseErr := strconv.ParseUint(number, 10, 64)
	if !ok || !found || siteID == "" || parseErr != nil || !isName(siteID) || Origin(siteID, epoch) != origin {
		return "", 0, fmt.Errorf("%w: log origin %q", ErrMalformed, clip(origin))
	}
	return siteID, epoch, nil
}

// isName reports whether s can be part of a key name: no space, no plus sign
// (both separate fields in vkeys and signature lines), nothing unprintable.
func isName(s string) bool {
	for _, r := range s {
		if r <= ' ' || r == '+' || r > '~' {
			return false
		}
	}
	return s != ""
}

// clip keeps foreign text short in error messages.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most]
	}
	return s
}

// parseNumber reads a position or a size.
func parseNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n >= maxSize {
		return 0, fmt.Errorf("%w: number %q", ErrMalformed, clip(s))
	}
	return n, nil
}

// parseHex reads 64 lower-case hexadecimal digits.
func parseHex(s string) (Hash, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(Hash{}) || hex.EncodeToString(b) != s {
		return Hash{}, fmt.Errorf("%w: %q is not a SHA-256 in lower-case hexadecimal digits", ErrMalformed, clip(s))
	}
	return Hash(b), nil
}
