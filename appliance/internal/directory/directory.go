// Package directory knows the computers of the site's domains (DESIGN D12, D16).
// Central names the domains, package discover reads them: all once a day, what
// changed each hour, and at once what is new or was given another credential. A
// Book has the result, in state.db and in memory: who is there, who is stale, who
// went and why, for a month. Scans ask whom they should ask, enrolment asks whether a machine
// is one of the domain's, and Central is told with the check-ins.
//
// A computer is its objectGUID. Each listing is one bundle of evidence; so is a
// failure, when it begins or changes and once a day while it lasts. A credential
// that was refused is not used again in the version that it has, by no target and
// also not after a restart: accounts lock.
//
// Times are UTC, in tables Unix milliseconds, by this computer's clock but for
// last logons. Errors are discover's and those of package credential; they end a
// try and nothing else.
package directory

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/shared/credential"
)

const (
	// roundTime bounds an hourly round, so that it is never the reason why the
	// next is missed.
	roundTime = 50 * time.Minute
	// lookEvery is how soon a new domain or credential is tried.
	lookEvery = 15 * time.Second
	// atOnce is how many domains are read at a time.
	atOnce = 4
)

// Targets names the domains.
type Targets interface {
	Domains(ctx context.Context) ([]Domain, error)
}

// Credentials opens what a domain is read with, for a host as its target spells
// it.
type Credentials interface {
	Open(ctx context.Context, name, host string) (credential.Credential, uint64, error)
}

// Lister reads one domain; *discover.Directory is one.
type Lister interface {
	List(ctx context.Context, since discover.Mark) (discover.Listing, discover.Mark, error)
}

// Deps is what a Directory needs.
type Deps struct {
	Book        *Book
	Targets     Targets
	Credentials Credentials
	Drafts      Drafts
	// CAs judge controllers' certificates; the system's when nil.
	CAs *x509.CertPool
	// Make is discover.New when nil.
	Make func(discover.Config) (Lister, error)
	Log  *slog.Logger
}

// Directory keeps a Book up to date.
type Directory struct {
	Deps

	mu   sync.Mutex
	busy map[string]bool // domains that are being read
}

// New makes a Directory.
func New(d Deps) *Directory {
	if d.Make == nil {
		d.Make = func(c discover.Config) (Lister, error) { return discover.New(c) }
	}
	d.Log = d.Log.With("component", "directory")
	return &Directory{Deps: d, busy: map[string]bool{}}
}

// Run tries what is new until ctx ends; Round is for the hourly loop.
func (d *Directory) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := d.round(ctx, false); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "domains not read", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Round reads every domain. Its error names those that could not be read.
func (d *Directory) Round(ctx context.Context) error { return d.round(ctx, true) }

// round reads all domains, or those that were never tried in this way.
func (d *Directory) round(ctx context.Context, all bool) error {
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	list, err := d.Targets.Domains(ctx)
	if err != nil {
		return fmt.Errorf("reading which domains there are: %w", err)
	}
	if err := d.Book.adopt(ctx, list); err != nil {
		return err
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	places := make(chan struct{}, atOnce)
	for i := range list {
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			if err := d.one(ctx, &list[i], all); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// one reads a domain, unless somebody does already.
func (d *Directory) one(ctx context.Context, t *Domain, due bool) error {
	d.mu.Lock()
	if d.busy[t.ID] {
		d.mu.Unlock()
		return nil
	}
	d.busy[t.ID] = true
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.busy, t.ID)
	}()
	try := d.prepare(ctx, t)
	if !due && try.key == try.was.Tried {
		return nil
	}
	return try.run(ctx)
}

// hash is a short name for settings.
func hash(settings ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", settings))
	return hex.EncodeToString(sum[:16])
}
