package main

import (
	"errors"
	"fmt"

	"github.com/osiriscare/osiris/agent/internal/config"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/sqlos"
	"github.com/osiriscare/osiris/shared/signed"
)

// errNotEnrolled is what a machine without identity and token has to say.
var errNotEnrolled = errors.New("this machine is not enrolled: run osiris-agent enrol")

// pin learns whom to believe: from the configuration, else the token file, else
// what was kept at enrolment.
func (a *app) pin() error {
	c := a.config
	addr, siteRoot, centralRoot := c.ApplianceAddr, c.SiteRoot, c.CentralRoot
	if a.identity.Enrolled() && a.identity.Pin() != nil {
		return nil
	}
	if file := tokenFile(c); file != "" {
		t, err := config.LoadToken(file)
		if err != nil {
			return err
		}
		addr, siteRoot, centralRoot = or(addr, t.ApplianceAddr), or(siteRoot, t.SiteRoot), or(centralRoot, t.CentralRoot)
	}
	if siteRoot == "" || centralRoot == "" {
		if a.identity.Pin() != nil {
			return nil
		}
		return errNotEnrolled
	}
	p, err := identity.ParsePin(siteRoot, centralRoot, addr)
	if err != nil {
		return fmt.Errorf("checking configuration: %w", err)
	}
	return a.identity.SetPin(p)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// openQueue opens the queue; a damaged file is set aside, because an agent that
// does not start tells nobody.
func openQueue(path string, log *say.Logger) (*queue.Queue, error) {
	q, err := queue.Open(path, queue.Limits{})
	if !sqlos.IsCorrupt(err) {
		return q, err
	}
	aside, moveErr := queue.SetAside(path)
	if moveErr != nil {
		return nil, errors.Join(err, moveErr)
	}
	log.Error("queue file was damaged and set aside", "kept_as", aside, "error", err)
	return queue.Open(path, queue.Limits{})
}

// openPolicy does the same for what the site has signed. What could not be read
// may be readable the next time.
func openPolicy(folder string, pin signed.KeyID, builtMs int64, log *say.Logger) (*policy.Policy, error) {
	p, err := policy.New(folder, pin, builtMs)
	if !errors.Is(err, policy.ErrDamaged) {
		return p, err
	}
	if moveErr := policy.SetAside(folder); moveErr != nil {
		return nil, errors.Join(err, moveErr)
	}
	log.Error("policy files were damaged and set aside", "error", err)
	return policy.New(folder, pin, builtMs)
}

// openIdentity does the same for what the machine is, which nobody but a person
// with a token can bring back.
func openIdentity(folder string, log *say.Logger) (*identity.Identity, error) {
	i, err := identity.Open(folder)
	if !errors.Is(err, identity.ErrDamaged) {
		return i, err
	}
	log.Error("identity was damaged and is set aside: run osiris-agent enrol", "error", err)
	if err := identity.SetAside(folder); err != nil {
		return nil, err
	}
	return identity.Open(folder)
}
