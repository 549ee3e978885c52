package target

import (
	"context"
	"fmt"
	"slices"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// maxDomains is far above what a site has; each is a conversation an hour.
const maxDomains = 32

// Domains is every domain in the order of Central's names. The caller may keep it.
func (s *Store) Domains(context.Context) ([]directory.Domain, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.domains), nil
}

func readDomain(t *centralv1.Target) (directory.Domain, error) {
	one, err := read("", t)
	if err != nil {
		return directory.Domain{}, err
	}
	d := directory.Domain{
		ID: one.ID, Name: one.Name, Domain: one.Host, Port: one.Port, Pin: one.Pin, Credential: one.Credential, Include: t.GetIncludeOus(),
		Exclude: t.GetExcludeOus(), ExcludeGroups: t.GetExcludeGroups(), ScanWith: t.GetScanWith(), HTTP: one.HTTP,
	}
	if t.GetDomain() != "" {
		d.Domain, d.Server = t.GetDomain(), one.Host
	}
	if len(d.Domain) > 253 || len(d.Include)+len(d.Exclude)+len(d.ExcludeGroups) > 1000 {
		return directory.Domain{}, fmt.Errorf("%w: %.100q is no domain", ErrList, one.Name)
	}
	return d, nil
}
