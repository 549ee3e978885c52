// Package discover lists the computers of an Active Directory domain.
//
// A Directory talks LDAP to one domain controller, inside TLS only (LDAPS, or
// StartTLS on the plain port), with a simple bind or Kerberos. List returns the
// enabled Windows 10 and 11 computers, the Windows servers and the domain
// controllers, and a Mark to go on from. What comes back after a Mark is only
// what changed since, when it is the same controller and the same copy of its
// database (invocationId), and the last full pass is less than a day old;
// otherwise all. Only a full pass shows what was deleted: tombstones are not
// readable for an ordinary account.
//
// A computer's identity is its objectGUID, spelled as Windows prints it in lower
// case. Names are labels. Times are UTC, by the controller's clock. A computer is
// stale, which is not gone, when it has not logged on for 45 days:
// lastLogonTimestamp is replicated only every 9 to 14 days.
//
// Errors that a person must act on are Err values here, with a hint in their
// text; a List that fails returns no listing and the Mark it was given, and one
// that was cut short by a limit fails.
//
// The attributes and their bits are from MS-ADTS and MS-ADA1-3, the paging
// control from RFC 2696, what Samba 4.17 answers was seen on 2026-11-22.
package discover

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const (
	// listTime bounds a List whose context has no earlier end: hourly is its beat.
	listTime = 10 * time.Minute
	// fullEvery is how old the last full pass may be.
	fullEvery = 24 * time.Hour
	// defaultStale is three times the 14 days of lastLogonTimestamp, and a bit.
	defaultStale = 45 * 24 * time.Hour
)

// Config is a domain and how to talk to it.
type Config struct {
	// Domain is its DNS name.
	Domain string
	// Server is the controller's DNS name; by default the domain's own records
	// tell (SRV _ldap._tcp.dc._msdcs).
	Server string
	// Port is 636, or 389 with StartTLS, when it is 0.
	Port     int
	StartTLS bool
	// DNS are the domain's name servers; this computer's own when empty.
	DNS []netip.AddrPort
	// CAs are trusted to name controllers; the system's when nil.
	CAs *x509.CertPool
	// Pin is the SHA-256 of the SubjectPublicKeyInfo of the controller's
	// certificate, or of one above it that the controller sends. With it, CAs do
	// not count.
	Pin        [32]byte
	Credential Credential
	// Include and Exclude are names of containers; without Include, all is
	// included.
	Include, Exclude []string
	// ExcludeGroups are names of groups whose direct members are left out.
	ExcludeGroups []string
	// StaleAfter is 45 days when it is 0.
	StaleAfter time.Duration
	// Dial is a net.Dialer's with the name servers above when nil.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Directory is one domain.
type Directory struct {
	cfg      Config
	base     *ldap.DN
	scope    scope
	resolver *net.Resolver
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// New checks the configuration; its error is ErrInvalid.
func New(cfg Config) (*Directory, error) {
	cfg.Domain = strings.ToLower(strings.TrimSuffix(cfg.Domain, "."))
	base, err := domainDN(cfg.Domain)
	if err != nil {
		return nil, err
	}
	if err := cfg.Credential.validate(); err != nil {
		return nil, err
	}
	if cfg.Port < 0 || cfg.Port > 65535 {
		return nil, fmt.Errorf("%w: port %d", ErrInvalid, cfg.Port)
	}
	scope, err := newScope(cfg.Include, cfg.Exclude)
	if err != nil {
		return nil, err
	}
	for _, g := range cfg.ExcludeGroups {
		if _, err := ldap.ParseDN(g); err != nil || g == "" {
			return nil, fmt.Errorf("%w: %.200q is no group's distinguished name", ErrInvalid, g)
		}
	}
	if cfg.StaleAfter < 0 {
		return nil, fmt.Errorf("%w: stale after %s", ErrInvalid, cfg.StaleAfter)
	}
	if cfg.StaleAfter == 0 {
		cfg.StaleAfter = defaultStale
	}
	d := &Directory{cfg: cfg, base: base, scope: scope, resolver: newResolver(cfg.DNS, cfg.Dial), dial: cfg.Dial}
	if d.dial == nil {
		d.dial = (&net.Dialer{Timeout: dialTime, Resolver: d.resolver}).DialContext
	}
	return d, nil
}

// domainDN is dc=corp,dc=example for corp.example.
func domainDN(domain string) (*ldap.DN, error) {
	if domain == "" || len(domain) > 253 {
		return nil, fmt.Errorf("%w: a domain's DNS name is missing or too long", ErrInvalid)
	}
	dn := new(ldap.DN)
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.ContainsAny(label, " \\/,=@:") {
			return nil, fmt.Errorf("%w: %.253q is no domain", ErrInvalid, domain)
		}
		dn.RDNs = append(dn.RDNs, &ldap.RelativeDN{Attributes: []*ldap.AttributeTypeAndValue{{Type: "dc", Value: label}}})
	}
	return dn, nil
}

// List returns what there is, or what changed since a Mark that an earlier List
// returned; the zero Mark asks for all.
func (d *Directory) List(ctx context.Context, since Mark) (Listing, Mark, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	s, err := d.open(ctx, since.Server)
	if err != nil {
		return Listing{}, since, fmt.Errorf("listing %s: %w", d.cfg.Domain, classify(ctx, err))
	}
	defer s.close()
	l, mark, err := d.list(s, since)
	if err != nil {
		return Listing{}, since, fmt.Errorf("listing %s at %s: %w", d.cfg.Domain, s.server, classify(ctx, errors.Join(err, s.wire.problem())))
	}
	return l, mark, nil
}

func (d *Directory) list(s *session, since Mark) (Listing, Mark, error) {
	root, err := d.root(s)
	if err != nil {
		return Listing{}, since, err
	}
	mark := Mark{Server: s.server, Invocation: root.invocation, USN: root.usn, Full: since.Full}
	full := !since.allows(root)
	if full {
		mark.Full = root.now
	}
	left, err := d.left(s)
	if err != nil {
		return Listing{}, since, err
	}
	filter := "(objectCategory=computer)" // disabled ones too: nobody else may have their names
	if !full {
		filter = fmt.Sprintf("(&(objectCategory=computer)(uSNChanged>=%d))", since.USN+1)
	}
	c := newCollector(Listing{Server: s.server, Time: root.now, Full: full}, d, left)
	if err := s.pages(d.base.String(), filter, computerAttributes, c.take); err != nil {
		return Listing{}, since, fmt.Errorf("reading computers: %w", err)
	}
	return c.listing(), mark, nil
}
