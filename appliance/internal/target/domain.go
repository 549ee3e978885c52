package target

import (
	"context"
	"fmt"
	"slices"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// maxDomains is far above what a site has; each is a conversation an hour.
const maxDomains = 32

// Domain is a domain of Active Directory whose computers are listed.
type Domain struct {
	ID     string // Central's, t_…; stays while the host is the same
	Name   string // for people, unique in the site
	Domain string // DNS name
	// Server is the controller to ask; empty when the domain names them itself.
	Server     string
	Port       int      // 0: 636; 389 is with StartTLS
	Pin        [32]byte // of a certificate's public key; zero: none
	Credential string   // name of the one to read with
	// Include, Exclude and ExcludeGroups are distinguished names.
	Include, Exclude, ExcludeGroups []string
	// ScanWith is the credential that its computers are scanned with, over HTTP
	// with HTTP; empty: they are listed only.
	ScanWith string
	HTTP     bool
}

// Host is what is signed in to, as the operator wrote it: credentials are limited
// by it.
func (d *Domain) Host() string {
	if d.Server != "" {
		return d.Server
	}
	return d.Domain
}

// Domains is every domain in the order of Central's names. The caller may keep it.
func (s *Store) Domains(context.Context) ([]Domain, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.domains), nil
}

func readDomain(t *centralv1.Target) (Domain, error) {
	one, err := read("", t)
	if err != nil {
		return Domain{}, err
	}
	d := Domain{
		ID: one.ID, Name: one.Name, Domain: one.Host, Port: one.Port, Pin: one.Pin, Credential: one.Credential, Include: t.GetIncludeOus(),
		Exclude: t.GetExcludeOus(), ExcludeGroups: t.GetExcludeGroups(), ScanWith: t.GetScanWith(), HTTP: one.HTTP,
	}
	if t.GetDomain() != "" {
		d.Domain, d.Server = t.GetDomain(), one.Host
	}
	if len(d.Domain) > 253 || len(d.Include)+len(d.Exclude)+len(d.ExcludeGroups) > 1000 {
		return Domain{}, fmt.Errorf("%w: %.100q is no domain", ErrList, one.Name)
	}
	return d, nil
}
