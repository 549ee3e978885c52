// Package identity is the agent's device key and certificate, and whom it
// believes (DESIGN D9, D10, D15). The P-256 key is made here and never leaves:
// a file of its 32 raw bytes, mode 0600. Every renewal is for a new key, which
// waits in a file of its own until its certificate is there: a copy of this
// machine makes another one, and so the appliance sees that there are two (D11).
// The certificate file is the leaf and its chain, DER one after the other. The appliance is believed when its chain
// ends in a site root whose SPKI hash (SHA-256) is pinned; no other root counts.
// A machine that enrols again keeps what it is until the appliance has answered:
// its new key waits in a file, too, whom to believe in memory (Anew).
// Names: agent "<agent_id>.agent.<site_id>.osiris.internal", appliance
// "appliance.<site_id>.osiris.internal". Times are Unix milliseconds. ErrPeer
// means that the other end is not our appliance; ErrNotEnrolled that there is
// no certificate yet; ErrDamaged that a file does not hold what it should, which
// an error of the disk is not.
package identity

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/folder"
)

// Names of the files in the data folder.
const (
	keyFile         = "device.key"
	nextKeyFile     = "device.key.next" // of a renewal that is not finished
	anewKeyFile     = "device.key.anew" // of an enrolment in an enrolled machine's stead
	certificateFile = "certificate.der"
	pinFile         = "pin" // see Pin
)

// domain ends every name of ours.
const domain = ".osiris.internal"

// Errors that callers tell apart.
var (
	ErrNotEnrolled = errors.New("this machine is not enrolled")
	ErrPeer        = errors.New("the peer is not this site's appliance")
	ErrDamaged     = errors.New("damaged, or not what it should be")
)

// Identity is one machine's. Its methods may be called from any goroutine.
type Identity struct {
	folder string
	pin    *Pin
	anew   bool // the folder has another identity, until Register

	mu      sync.Mutex
	key     *deviceKey
	leaf    *x509.Certificate // nil until enrolled
	session *session
	chain   [][]byte
	agentID string
	siteID  string
}

// Open reads the identity in folder, making the device key when there is none.
// After ErrDamaged SetAside makes room.
func Open(folder string) (*Identity, error) { return open(folder, keyFile) }

// Anew is an identity for a machine that is to be a new agent. What is in folder
// stays in force until Register has an answer.
func Anew(folder string) (*Identity, error) { return open(folder, anewKeyFile) }

func open(folder, name string) (*Identity, error) {
	key, err := loadKey(filepath.Join(folder, name))
	if err != nil {
		return nil, err
	}
	i := &Identity{folder: folder, key: key, session: &session{}, anew: name == anewKeyFile}
	if i.anew {
		return i, nil
	}
	if i.pin, err = loadPin(filepath.Join(folder, pinFile)); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(i.path(certificateFile))
	if errors.Is(err, os.ErrNotExist) {
		return i, nil
	}
	if err != nil {
		return nil, err
	}
	err = i.take(key, "", content)
	if errors.Is(err, errOtherKey) {
		// A crash between the certificate and its key, in Renew or Register.
		err = i.promote(content)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", i.path(certificateFile), err)
	}
	return i, nil
}

func (i *Identity) path(name string) string { return filepath.Join(i.folder, name) }

// IsEnrolled tells whether a data folder has an identity.
func IsEnrolled(folder string) bool {
	_, err := atomicfile.Size(filepath.Join(folder, certificateFile))
	return err == nil
}

// SetAside renames the files of a damaged identity in a data folder that no agent
// is using, so that the machine can enrol.
func SetAside(path string) error {
	return folder.SetAside(path, certificateFile, keyFile, nextKeyFile, pinFile)
}

// take believes a leaf with its chain, after checking that it is for the key and,
// unless want is empty, for that agent. The key is ours from then on.
func (i *Identity) take(key *deviceKey, want string, der []byte) error {
	certificates, err := x509.ParseCertificates(der)
	if err != nil || len(certificates) == 0 {
		return ErrDamaged
	}
	leaf := certificates[0]
	if public, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || !key.matches(public) {
		return errOtherKey
	}
	agentID, siteID, ok := parseAgentName(leaf)
	if !ok {
		return ErrDamaged
	}
	if want != "" && agentID != want {
		return errors.New("the certificate is for another agent")
	}
	var chain [][]byte
	for _, c := range certificates {
		chain = append(chain, c.Raw)
	}
	i.mu.Lock()
	i.key, i.leaf, i.agentID, i.siteID, i.chain = key, leaf, agentID, siteID, chain
	// A resumed session would show the appliance the former certificate.
	i.session = &session{}
	i.mu.Unlock()
	return nil
}

// parseAgentName reads "<agent_id>.agent.<site_id>.osiris.internal".
func parseAgentName(leaf *x509.Certificate) (agentID, siteID string, ok bool) {
	for _, name := range leaf.DNSNames {
		rest, found := strings.CutSuffix(name, domain)
		if !found {
			continue
		}
		agentID, siteID, ok = strings.Cut(rest, ".agent.")
		if ok && agentID != "" && siteID != "" && !strings.Contains(agentID+siteID, ".") {
			return agentID, siteID, true
		}
	}
	return "", "", false
}

// store keeps a new certificate for the key with its chain, DER, durably.
func (i *Identity) store(key *deviceKey, agentID string, certificate []byte, chain [][]byte) error {
	content := append([]byte(nil), certificate...)
	for _, c := range chain {
		content = append(content, c...)
	}
	if err := i.take(key, agentID, content); err != nil {
		return fmt.Errorf("taking certificate: %w", err)
	}
	return atomicfile.Write(i.path(certificateFile), content, 0o600)
}

// Enrolled tells whether there is a certificate, expired or not.
func (i *Identity) Enrolled() bool {
	i.mu.Lock()
	enrolled := i.leaf != nil
	i.mu.Unlock()
	return enrolled
}

// AgentID is the id in the certificate; empty before enrolment.
func (i *Identity) AgentID() string {
	i.mu.Lock()
	id := i.agentID
	i.mu.Unlock()
	return id
}

// SiteID is the site in the certificate; empty before enrolment.
func (i *Identity) SiteID() string {
	i.mu.Lock()
	id := i.siteID
	i.mu.Unlock()
	return id
}

// RenewalDue tells whether half of the certificate's life has passed at nowMs,
// and whether all of it has: then only Renew is answered.
func (i *Identity) RenewalDue(nowMs int64) (due, expired bool) {
	i.mu.Lock()
	leaf := i.leaf
	i.mu.Unlock()
	if leaf == nil {
		return false, false
	}
	from, to := leaf.NotBefore.UnixMilli(), leaf.NotAfter.UnixMilli()
	return nowMs >= from+(to-from)/2, nowMs > to
}
