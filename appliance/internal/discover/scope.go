package discover

import (
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// scope is which containers count; an exclusion wins.
type scope struct{ include, exclude []*ldap.DN }

func newScope(include, exclude []string) (scope, error) {
	var s scope
	var err error
	if s.include, err = parseDNs(include); err != nil {
		return scope{}, err
	}
	s.exclude, err = parseDNs(exclude)
	return s, err
}

func parseDNs(names []string) ([]*ldap.DN, error) {
	var dns []*ldap.DN
	for _, name := range names {
		dn, err := ldap.ParseDN(name)
		if err != nil || len(dn.RDNs) == 0 {
			return nil, fmt.Errorf("%w: %.200q is no container's distinguished name", ErrInvalid, name)
		}
		dns = append(dns, dn)
	}
	return dns, nil
}

func (s scope) holds(name string) bool {
	if len(s.include) == 0 && len(s.exclude) == 0 {
		return true
	}
	dn, err := ldap.ParseDN(name)
	if err != nil {
		return false
	}
	under := func(containers []*ldap.DN) bool {
		for _, c := range containers {
			if c.AncestorOfFold(dn) || c.EqualFold(dn) {
				return true
			}
		}
		return false
	}
	return (len(s.include) == 0 || under(s.include)) && !under(s.exclude)
}

func sameDN(name string, dn *ldap.DN) bool {
	got, err := ldap.ParseDN(name)
	return err == nil && got.EqualFold(dn)
}

// foldDN makes names comparable that one controller wrote.
func foldDN(name string) string { return strings.ToLower(name) }
