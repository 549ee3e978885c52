package discover

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

const (
	// pageSize is the most that AD gives by default (MaxPageSize).
	pageSize = 1000
	// maxPages ends a controller that gives pages without end.
	maxPages = 4000
	// maxMembers bounds a group.
	maxMembers = 100_000
)

// entry reads one entry; the name of the controller's own is empty.
func (s *session) entry(dn string, attributes ...string) (*ldap.Entry, error) {
	s.wire.reset()
	r, err := s.conn.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", attributes, nil))
	if err != nil {
		return nil, fmt.Errorf("reading %.200q: %w", dn, err)
	}
	if len(r.Entries) != 1 {
		return nil, fmt.Errorf("%w: %d entries for %.200q", ErrReply, len(r.Entries), dn)
	}
	return r.Entries[0], nil
}

// pages reads a subtree page by page (RFC 2696).
func (s *session) pages(base, filter string, attributes []string, take func([]*ldap.Entry, []string) error) error {
	paging := ldap.NewControlPaging(pageSize)
	request := ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, []ldap.Control{paging})
	for range maxPages {
		s.wire.reset()
		r, err := s.conn.Search(request)
		if err != nil {
			return fmt.Errorf("searching: %w", err)
		}
		if err := take(r.Entries, r.Referrals); err != nil {
			return err
		}
		answer, ok := ldap.FindControl(r.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(answer.Cookie) == 0 {
			return nil
		}
		if len(answer.Cookie) > maxText {
			return fmt.Errorf("%w: a cookie of %d bytes", ErrReply, len(answer.Cookie))
		}
		paging.SetCookie(answer.Cookie)
	}
	return fmt.Errorf("%w: more than %d pages", ErrLimit, maxPages)
}

// left are the members of the excluded groups.
func (d *Directory) left(s *session) (map[string]bool, error) {
	left := make(map[string]bool)
	for _, group := range d.cfg.ExcludeGroups {
		members, err := s.values(group, "member")
		if err != nil {
			return nil, fmt.Errorf("reading the members of %.200q: %w", group, err)
		}
		for _, m := range members {
			left[foldDN(m)] = true
		}
	}
	return left, nil
}

// values reads an attribute of many values, 1,500 or so at a time (MS-ADTS
// 3.1.1.3.1.3.3): the answer to member;range=0-* is member;range=0-1499, and the
// last one's end is a star.
func (s *session) values(dn, attribute string) ([]string, error) {
	var all []string
	for {
		e, err := s.entry(dn, fmt.Sprintf("%s;range=%d-*", attribute, len(all)))
		if err != nil {
			return nil, err
		}
		values, last, err := ranged(e, attribute, len(all))
		if err != nil {
			return nil, err
		}
		all = append(all, values...)
		if last {
			return all, nil
		}
		if len(all) > maxMembers {
			return nil, fmt.Errorf("%w: more than %d values", ErrLimit, maxMembers)
		}
	}
}

// ranged takes the part of an attribute that begins at from.
func ranged(e *ldap.Entry, attribute string, from int) (values []string, last bool, err error) {
	for _, a := range e.Attributes {
		name, option, _ := strings.Cut(strings.ToLower(a.Name), ";range=")
		if name != strings.ToLower(attribute) {
			continue
		}
		if option == "" {
			if len(a.Values) == 0 {
				continue // AD says so beside the ranged one
			}
			if from > 0 {
				return nil, false, errors.Join(ErrReply, errors.New("reading a range: it has no range"))
			}
			return a.Values, true, nil // a server without ranges
		}
		low, high, _ := strings.Cut(option, "-")
		begin, err := strconv.Atoi(low)
		if err != nil || begin != from || len(a.Values) == 0 && high != "*" {
			return nil, false, fmt.Errorf("%w: the range %.40q after %d values", ErrReply, option, from)
		}
		if high == "*" {
			return a.Values, true, nil
		}
		end, err := strconv.Atoi(high)
		if err != nil || end-begin+1 != len(a.Values) {
			return nil, false, fmt.Errorf("%w: %d values for the range %.40q", ErrReply, len(a.Values), option)
		}
		return a.Values, false, nil
	}
	return nil, true, nil
}
