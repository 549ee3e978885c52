package identity

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
)

// exporterLabel binds a proof to the connection it is sent on (RFC 8446 §7.5,
// RFC 9266 uses the same idea).
const exporterLabel = "EXPORTER-osiris-register"

// transcript is what the device key signs: purpose NUL SHA-256(subject)
// exporter public key, as compliance.proto says.
func transcript(purpose string, subject, exporter, public []byte) [sha256.Size]byte {
	hash := sha256.Sum256(subject)
	text := append([]byte(purpose), 0)
	text = append(text, hash[:]...)
	text = append(text, exporter...)
	return sha256.Sum256(append(text, public...))
}

func (k *deviceKey) prove(purpose string, subject []byte, conn *tls.Conn) (public, proof []byte, err error) {
	public = k.public
	state := conn.ConnectionState()
	exporter, err := state.ExportKeyingMaterial(exporterLabel, nil, 32)
	if err != nil {
		return nil, nil, fmt.Errorf("binding to the connection: %w", err)
	}
	digest := transcript(purpose, subject, exporter, public)
	proof, err = k.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, nil, fmt.Errorf("proving the device key: %w", err)
	}
	return public, proof, nil
}
