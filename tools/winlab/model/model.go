// Package model is what a Windows host of the lab is, for the appliance's
// scripts: edition, role, services, firewall, BitLocker, Defender, updates,
// accounts, networks, as a tree of values with paths such as
// firewall.profiles.public.enabled.
//
// A Host runs no PowerShell. It knows the catalogue (shared/runbook): it
// answers a document only if its command line is the catalogue's and the text
// of each part is, byte for byte, one of the catalogue. Then a facts part tells
// the facts that its check's judge takes, read from the tree; a snapshot tells
// what its runbook's rollback sets; remediate and rollback do what they declare
// as effects and nothing else. Anything else fails as PowerShell or cmd.exe
// fail: exit code 1 and an error, as CLIXML from PowerShell.
//
// So the lab shows that the appliance, the catalogue's declarations and the
// judges fit together. It cannot show that a script does what it declares;
// only Windows can. Values are bool, int64 and string; ages are hours or days
// as the name says.
package model

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/osiriscare/osiris/shared/runbook"
)

// GroupPolicyEvery is how often a member of a domain applies group policy.
const GroupPolicyEvery = 90 * time.Minute

// maxInput is beyond every document.
const maxInput = 4 << 20

// Config is one host.
type Config struct {
	// Name is the NetBIOS name.
	Name string
	// Role is runbook.RoleWorkstation, RoleServer or RoleDomainController.
	Role string
	// Domain says whether a workstation or server is in one.
	Domain    bool
	Catalogue *runbook.Catalogue
	// Now is time.Now unless a test says otherwise.
	Now func() time.Time
	// Delay passes before every answer.
	Delay time.Duration
	// Noise is on standard output before every reply, as a driver may print it.
	Noise string
	// Restart is called when a phase restarts the machine; nil does nothing.
	Restart func()
}

// Host is one host; it is a Host of package wsman.
type Host struct {
	cfg     Config
	command string

	mu       sync.Mutex
	tree     tree
	policies []policy
	applied  time.Time
	denied   map[string]Denial
	ran      []Ran
}

// policy is one setting of group policy.
type policy struct {
	path  string
	value any
}

// Denial makes a part fail.
type Denial struct {
	Message string
	Code    string
}

// Ran is a part that a host ran, for tests.
type Ran struct {
	// Text is the path of the catalogue's script.
	Text       string
	Parameters map[string]string
	Changed    bool
}

// New makes a host that passes every check.
func New(cfg Config) (*Host, error) {
	if cfg.Catalogue == nil {
		return nil, fmt.Errorf("making the host %s: no catalogue", cfg.Name)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	command, err := cfg.Catalogue.WindowsCommand()
	if err != nil {
		return nil, fmt.Errorf("making the host %s: %w", cfg.Name, err)
	}
	h := &Host{cfg: cfg, command: command, tree: tree{}, denied: map[string]Denial{}, applied: cfg.Now()}
	if err := h.baseline(); err != nil {
		return nil, fmt.Errorf("making the host %s: %w", cfg.Name, err)
	}
	return h, nil
}

// Get gives the value at a path.
func (h *Host) Get(path string) (any, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.applyPolicies()
	v, ok := h.tree[path]
	return v, ok
}

// Set changes what is there, as somebody at the host would; '*' in the path is
// every member. A path that is not there, or a value of another kind, is an
// error.
func (h *Host) Set(path string, value any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	paths := h.tree.match(path)
	if len(paths) == 0 {
		return fmt.Errorf("setting %s of %s: there is none", path, h.cfg.Name)
	}
	for _, p := range paths {
		if _, err := h.tree.put(p, value); err != nil {
			return fmt.Errorf("setting %s of %s: %w", p, h.cfg.Name, err)
		}
	}
	return nil
}

// Policy lets group policy set a value, now and every 90 minutes.
func (h *Host) Policy(path string, value any) error {
	if err := h.Set(path, value); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.policies = append(h.policies, policy{path, value})
	return nil
}

// applyPolicies does what is due; h.mu is held.
func (h *Host) applyPolicies() {
	now := h.cfg.Now()
	if now.Sub(h.applied) < GroupPolicyEvery {
		return
	}
	h.applied = now
	for _, p := range h.policies {
		for _, path := range h.tree.match(p.path) {
			// Policy checked the kind.
			_, _ = h.tree.put(path, p.value)
		}
	}
}

// Deny makes the part of that name fail until it is allowed again.
func (h *Host) Deny(part string, d Denial) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.denied[part] = d
}

// Allow ends a Deny.
func (h *Host) Allow(part string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.denied, part)
}

// History tells what the host ran, oldest first.
func (h *Host) History() []Ran {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Ran(nil), h.ran...)
}

// Run answers a command line as package wsman asks for it.
func (h *Host) Run(ctx context.Context, line string, stdin io.Reader, stdout, stderr io.Writer) int {
	began := h.cfg.Now()
	if h.cfg.Delay > 0 {
		timer := time.NewTimer(h.cfg.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return 1
		}
	}
	if line != h.command {
		return refuse(line, stderr)
	}
	input, err := io.ReadAll(io.LimitReader(stdin, maxInput+1))
	if err != nil || len(input) > maxInput {
		return fail(stderr, "the standard input could not be read")
	}
	reply, restart, err := h.answer(input, began)
	if err != nil {
		return fail(stderr, err.Error())
	}
	var out bytes.Buffer
	out.WriteString(h.cfg.Noise)
	out.Write(reply)
	// What a first import of a module says, on a run that goes well too.
	_, _ = io.WriteString(stderr, clixmlProgress)
	if _, err := stdout.Write(out.Bytes()); err != nil {
		return 1
	}
	if restart && h.cfg.Restart != nil {
		h.cfg.Restart()
	}
	return 0
}

// Has tells whether a path, or one that a '*' means, is there.
func (h *Host) Has(path string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.tree.match(path)) > 0
}
