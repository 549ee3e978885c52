package keyring

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/signed"
)

// DelegationLifetime is how long the root trusts an online key at a time.
const DelegationLifetime = 365 * 24 * time.Hour

// InitRoot makes the Central root in dir, or finds it there, and returns the
// fingerprint that people compare.
func InitRoot(dir string) (signed.KeyID, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return signed.KeyID{}, fmt.Errorf("making root folder: %w", err)
	}
	root, err := signed.LoadOrCreate(filepath.Join(dir, "root.key"))
	if err != nil {
		return signed.KeyID{}, fmt.Errorf("making Central root: %w", err)
	}
	return root.ID(), nil
}

// Delegate signs the online public key with the root in rootDir and returns the
// bytes of delegation.bin.
func Delegate(rootDir string, online ed25519.PublicKey, now time.Time, valid time.Duration) ([]byte, error) {
	seed, err := os.ReadFile(filepath.Join(rootDir, "root.key"))
	if err != nil {
		return nil, fmt.Errorf("reading Central root: %w; run `osiris-central root init --dir %s` first", err, rootDir)
	}
	root, err := signed.NewKey(seed)
	if err != nil {
		return nil, fmt.Errorf("reading Central root: %w", err)
	}
	payload, err := proto.Marshal(&trustv1.Delegation{
		Version: uint64(now.Unix()), OnlineKey: online, IssuedMs: now.UnixMilli(), ExpiresMs: now.Add(valid).UnixMilli(),
	})
	if err != nil {
		return nil, fmt.Errorf("writing delegation: %w", err)
	}
	return proto.Marshal(&trustv1.TrustChain{
		Delegation: Seal(root, signed.Delegation, payload), RootKey: root.Public(),
	})
}

// Seal signs payload as a wire envelope.
func Seal(key *signed.Key, c signed.Context, payload []byte) *trustv1.SignedEnvelope {
	e := key.Seal(c, payload)
	return &trustv1.SignedEnvelope{Payload: e.Payload, KeyId: e.KeyID[:], Signature: e.Signature}
}

// ReadPublic reads a file like online.pub.
func ReadPublic(path string) (ed25519.PublicKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading public key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("reading public key %s: it is not 64 hexadecimal digits", path)
	}
	return key, nil
}

// loadDelegation reads delegation.bin and checks that it is for our online key.
func (k *Keyring) loadDelegation(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w: reading delegation: %w; run `osiris-central root delegate` where the Central root is", ErrNotSetUp, err)
	}
	chain := &trustv1.TrustChain{}
	if err := proto.Unmarshal(raw, chain); err != nil {
		return fmt.Errorf("reading delegation %s: %w", path, err)
	}
	envelope, err := signed.FromWire(chain.GetDelegation())
	if err != nil {
		return fmt.Errorf("reading delegation %s: %w", path, err)
	}
	payload, err := envelope.Open(signed.Delegation, chain.GetRootKey())
	if err != nil {
		return fmt.Errorf("opening delegation %s: %w", path, err)
	}
	delegation := &trustv1.Delegation{}
	if err := proto.Unmarshal(payload, delegation); err != nil {
		return fmt.Errorf("reading delegation %s: %w", path, err)
	}
	if !k.Online.Public().Equal(ed25519.PublicKey(delegation.GetOnlineKey())) {
		return errors.New("the delegation is for another online key; delegate again with this folder's online.pub")
	}
	k.Expires = time.UnixMilli(delegation.GetExpiresMs())
	k.RootPublic, k.Delegation = chain.GetRootKey(), chain.GetDelegation()
	k.Root = signed.IDOf(k.RootPublic)
	return nil
}

// notice is how long before its end a delegation is worth a warning: somebody
// has to go where the root is kept.
const notice = 30 * 24 * time.Hour

// Warn logs a delegation that has ended, which no appliance accepts any more,
// or that will soon.
func (k *Keyring) Warn(ctx context.Context, now time.Time, log *slog.Logger) {
	const cure = "run `osiris-central root delegate` where the Central root is, and restart"
	switch left := k.Expires.Sub(now); {
	case left <= 0:
		log.ErrorContext(ctx, "delegation has ended", "expired", k.Expires.UTC(), "hint", cure)
	case left < notice:
		log.WarnContext(ctx, "delegation ends soon", "expires", k.Expires.UTC(), "hint", cure)
	}
}
