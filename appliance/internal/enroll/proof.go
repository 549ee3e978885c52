package enroll

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
)

// Texts that begin the transcripts of RegisterRequest and RenewRequest.
const (
	registerText = "osiris register v1"
	renewText    = "osiris renew v1"
)

// ExporterLabel is the TLS exporter's label (RFC 8446 §7.5), without context,
// ExporterLength bytes.
const (
	ExporterLabel  = "EXPORTER-osiris-register"
	ExporterLength = 32
)

// Transcript is what a proof of possession signs: text, NUL, subject (the hash
// of the token or of the old certificate), exporter and public key.
func transcript(text string, subject, exporter, publicKey []byte) []byte {
	m := make([]byte, 0, len(text)+1+len(subject)+len(exporter)+len(publicKey))
	m = append(m, text...)
	m = append(m, 0)
	m = append(m, subject...)
	m = append(m, exporter...)
	return append(m, publicKey...)
}

// possession parses the public key and checks the proof.
func possession(text string, subject, exporter, publicKey, proof []byte) (*ecdsa.PublicKey, error) {
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), publicKey)
	if err != nil {
		return nil, ErrKey
	}
	if len(exporter) != ExporterLength {
		return nil, ErrProof
	}
	digest := sha256.Sum256(transcript(text, subject, exporter, publicKey))
	if !ecdsa.VerifyASN1(pub, digest[:], proof) {
		return nil, ErrProof
	}
	return pub, nil
}
