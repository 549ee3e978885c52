// Package policy holds the newest trust chain and site policy of the agent
// (DESIGN D10, D13, D14). Both are verified against the pinned Central root
// before they are kept, both are files that survive a crash, and neither ever
// goes back to an older version or to another site. Each has a copy beside it, so
// that damage does not open the way to an older one. Times are Unix
// milliseconds. ErrDamaged is of a file that does not verify, not of one that
// could not be read. ErrUnpinned, ErrOlder and ErrSite come from shared/trust. The
// policy of a chain whose online key changed no longer opens; until a new one
// arrives the agent is MONITOR_ONLY with compiled defaults.
package policy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/folder"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// Names of the files in the data folder.
const (
	trustFile  = "trust.bin"  // a trust.v1.TrustChain
	policyFile = "policy.bin" // a trust.v1.SignedEnvelope of a trust.v1.Policy
	copied     = ".copy"      // ends the name of the second one
)

// ErrDamaged means that a file was changed from outside, or by its disk.
var ErrDamaged = errors.New("damaged")

// fileMode keeps other users of the machine from reading a site's settings.
const fileMode = 0o600

// Policy is what the agent holds. Its methods may be called from any goroutine.
type Policy struct {
	folder  string
	pin     signed.KeyID
	builtMs int64

	mu     sync.Mutex
	trust  *trust.Opened
	policy *trustlite.Policy
}

// New reads what is stored in folder; pin is the Central root's fingerprint and
// builtMs the time this agent was built. A file that no longer verifies, nor does
// its copy, is ErrDamaged.
func New(folder string, pin signed.KeyID, builtMs int64) (*Policy, error) {
	p := Empty(folder, pin, builtMs)
	err := p.load("")
	if errors.Is(err, ErrDamaged) && p.load(copied) == nil && p.trust != nil {
		err = nil
	}
	return p, err
}

// Empty holds nothing yet, whatever documents the folder has: for a machine that
// enrols again, at whatever site. What it applies replaces them.
func Empty(folder string, pin signed.KeyID, builtMs int64) *Policy {
	return &Policy{folder: folder, pin: pin, builtMs: builtMs}
}

// load reads the files whose names end so.
func (p *Policy) load(suffix string) error {
	p.trust = nil
	chain, err := p.read(trustFile + suffix)
	if err != nil || chain == nil {
		return err // an error of the disk may pass, and is no damage
	}
	envelope, err := p.read(policyFile + suffix)
	if err != nil {
		return err
	}
	p.trust, err = openChain(chain, p.pin)
	if err == nil && envelope != nil {
		p.policy, err = openPolicy(p.trust, envelope)
	}
	if err == nil || p.trust != nil && errors.Is(err, signed.ErrKey) {
		return nil // the online key changed between the two writes
	}
	return fmt.Errorf("reading trust and policy%s: %w: %w", suffix, ErrDamaged, err)
}

// write keeps a document and its copy.
func (p *Policy) write(name string, content []byte) error {
	return errors.Join(atomicfile.Write(p.path(name), content, fileMode), atomicfile.Write(p.path(name+copied), content, fileMode))
}

func (p *Policy) path(name string) string { return filepath.Join(p.folder, name) }

// SetAside renames both files, so that an agent whose files were damaged can
// start: MONITOR_ONLY, until the appliance has sent both again.
func SetAside(path string) error { return folder.SetAside(path, trustFile, policyFile) }

// read gives a file's content, nil when there is none.
func (p *Policy) read(name string) ([]byte, error) {
	content, err := os.ReadFile(p.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return append([]byte{}, content...), nil // never nil
}

// Apply takes a newer trust chain and policy envelope, encoded as they came;
// either may be nil. It
// reports whether anything changed. What is refused leaves everything as it was,
// except that a good chain stays when the policy beside it is bad.
func (p *Policy) Apply(chain, envelope []byte) (changed bool, err error) {
	p.mu.Lock()
	changed, err = p.apply(chain, envelope)
	p.mu.Unlock()
	return changed, err
}

// apply is Apply with the lock held.
func (p *Policy) apply(chain, envelope []byte) (changed bool, err error) {
	if chain != nil {
		if changed, err = p.applyTrust(chain); err != nil {
			return changed, err
		}
	}
	if envelope == nil {
		return changed, nil
	}
	newer, err := p.applyPolicy(envelope)
	return changed || newer, err
}

func (p *Policy) applyTrust(chain []byte) (bool, error) {
	next, err := openChain(chain, p.pin)
	if err == nil {
		err = next.Newer(p.trust)
	}
	if err != nil {
		return false, fmt.Errorf("taking trust document: %w", err)
	}
	if p.trust != nil && next.Doc.Version == p.trust.Doc.Version && next.Delegation.Version == p.trust.Delegation.Version {
		return false, nil
	}
	if err := p.write(trustFile, chain); err != nil {
		return false, err
	}
	// A policy by the former online key would not open after a restart, so it
	// must not rule until then either.
	if p.trust != nil && string(p.trust.Delegation.OnlineKey) != string(next.Delegation.OnlineKey) {
		p.policy = nil
	}
	p.trust = next
	return true, nil
}

func (p *Policy) applyPolicy(envelope []byte) (bool, error) {
	if p.trust == nil {
		return false, errors.New("taking policy: no trust document is held")
	}
	next, err := openPolicy(p.trust, envelope)
	if err == nil {
		err = trust.NewerPolicy(next, p.policy)
	}
	if err != nil {
		return false, fmt.Errorf("taking policy: %w", err)
	}
	if p.policy != nil && next.Version == p.policy.Version {
		return false, nil
	}
	if err := p.write(policyFile, envelope); err != nil {
		return false, err
	}
	p.policy = next
	return true, nil
}

// held is what is in force. Both are replaced, never changed.
func (p *Policy) held() (*trust.Opened, *trustlite.Policy) {
	p.mu.Lock()
	opened, policy := p.trust, p.policy
	p.mu.Unlock()
	return opened, policy
}

// Versions are those of the trust document and the policy; 0 means none.
func (p *Policy) Versions() (trustVersion, policyVersion uint64) {
	opened, policy := p.held()
	if opened != nil {
		trustVersion = opened.Doc.Version
	}
	if policy != nil {
		policyVersion = policy.Version
	}
	return trustVersion, policyVersion
}

// NowMs is the clock, but never less than the build time and the newest issue
// time of a document that was verified (D15).
func (p *Policy) NowMs() int64 {
	opened, policy := p.held()
	now := max(time.Now().UnixMilli(), p.builtMs)
	if opened != nil {
		now = max(now, opened.Doc.IssuedMs, opened.Delegation.IssuedMs)
	}
	if policy != nil {
		now = max(now, policy.IssuedMs)
	}
	return now
}

// SiteRoots are the live roots' SPKI hashes; none before the first document.
func (p *Policy) SiteRoots() [][sha256.Size]byte {
	opened, _ := p.held()
	if opened == nil {
		return nil
	}
	var roots [][sha256.Size]byte
	for _, r := range opened.Doc.SiteRoots {
		if len(r) == sha256.Size {
			roots = append(roots, [sha256.Size]byte(r))
		}
	}
	return roots
}

// Tier is what may be done to the agent at nowMs.
func (p *Policy) Tier(agentID string, nowMs int64) trustlite.Tier {
	opened, policy := p.held()
	if opened == nil || opened.Valid(nowMs) != nil || opened.AgentRevoked(agentID) {
		return trustlite.Tier_TIER_MONITOR_ONLY
	}
	return trust.TierOf(policy, agentID, nowMs)
}

// OpenCommand verifies a command, encoded as it came, with the key of a live
// appliance of the site.
func (p *Policy) OpenCommand(envelope []byte) (*trustlite.Command, error) {
	opened, _ := p.held()
	if opened == nil {
		return nil, errors.New("opening command: no trust document is held")
	}
	return openCommand(opened, envelope)
}

// Parameters are the policy's values for a check.
func (p *Policy) Parameters(id check.ID) check.Parameters {
	_, held := p.held()
	return func(name string) (string, bool) {
		if held == nil {
			return "", false
		}
		for _, param := range held.Parameters {
			if param.CheckId == string(id) && param.Name == name {
				return param.Value, true
			}
		}
		return "", false
	}
}
