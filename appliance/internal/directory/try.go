package directory

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/shared/credential"
)

// plainPort is where LDAP begins without TLS; discover demands StartTLS there.
const plainPort = 389

// Errors of a try that discover does not have.
var (
	errHeld = errors.New("the credential was refused, and is not used again until it is rotated")
	errKind = errors.New("the credential is no ldap-bind")
	errOpen = errors.New("the credential cannot be opened")
)

// try is one reading of a domain.
type try struct {
	*Directory
	target  *Domain
	was     Standing
	secret  credential.Credential
	login   string // the credential with its version
	useless bool   // its computers cannot be scanned with what is to do so
	key     string // what it is tried with
	opened  error
}

func (d *Directory) prepare(ctx context.Context, t *Domain) *try {
	y := &try{Directory: d, target: t, was: d.Book.standing(t.ID)}
	var version uint64
	y.secret, version, y.opened = d.Credentials.Open(ctx, t.Credential, t.Host())
	y.login = t.Credential + " version " + strconv.FormatUint(version, 10)
	y.useless = d.useless(ctx, t)
	y.key = hash(y.target.scope(), y.login, t.Server, t.Port, t.Pin, y.opened == nil, y.useless)
	return y
}

// useless reports whether a domain's computers are to be scanned with what they are
// never shown. Roads look again for each of them.
func (d *Directory) useless(ctx context.Context, t *Domain) bool {
	if t.ScanWith == "" {
		return false
	}
	host := "computer." + fold(t.Domain)
	if t.HTTP {
		host += ":5985"
	}
	c, _, err := d.Credentials.Open(ctx, t.ScanWith, host)
	return err == nil && c.Method != string(discover.Kerberos)
}

// run reads and keeps.
func (y *try) run(ctx context.Context) error {
	since := y.was.Mark
	if y.was.Scope != y.target.scope() {
		since = discover.Mark{}
	}
	began := time.Now()
	l, mark, err := y.list(ctx, since)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the appliance stops, or the round is over: the next tells
	}
	if err != nil {
		return errors.Join(fmt.Errorf("reading %s: %w", y.target.Name, err), y.failed(ctx, err))
	}
	if err := y.took(ctx, &l, mark); err != nil {
		return fmt.Errorf("reading %s: %w", y.target.Name, err)
	}
	y.Log.InfoContext(ctx, "domain listed", "target_id", y.target.ID, "domain", y.target.Domain, "controller", l.Server, "full", l.Full,
		"listed", len(l.Computers), "took_ms", time.Since(began).Milliseconds())
	return nil
}

func (y *try) list(ctx context.Context, since discover.Mark) (discover.Listing, discover.Mark, error) {
	fail := func(err error) (discover.Listing, discover.Mark, error) { return discover.Listing{}, since, err }
	switch {
	case y.opened != nil:
		return fail(fmt.Errorf("%w: %w", errOpen, y.opened))
	case y.secret.Kind != credential.LDAPBind:
		return fail(errKind)
	case y.Book.held(y.login, time.Now()):
		return fail(errHeld)
	}
	t := y.target
	lister, err := y.Make(discover.Config{
		Domain: t.Domain, Server: t.Server, Port: t.Port, StartTLS: t.Port == plainPort, CAs: y.CAs, Pin: t.Pin,
		Include: t.Include, Exclude: t.Exclude, ExcludeGroups: t.ExcludeGroups,
		Credential: discover.Credential{Method: discover.Method(y.secret.Method), User: y.secret.User, Password: y.secret.Password.Reveal()},
	})
	if err != nil {
		return fail(err)
	}
	return lister.List(ctx, since)
}

// took keeps a listing.
func (y *try) took(ctx context.Context, l *discover.Listing, mark discover.Mark) error {
	now := time.Now()
	c := y.Book.compare(y.target.ID, l, now)
	s := y.was
	s.Name, s.Domain, s.Mark, s.Scope = y.target.Name, fold(y.target.Domain), mark, y.target.scope()
	s.Tried, s.TriedAt, s.Held, s.HeldUntil = y.key, whole(now), "", time.Time{}
	s.block(y.useless, now)
	s.Problem, s.Kind, s.ProblemSince, s.ProvedAt = "", "", time.Time{}, time.Time{}
	s.Listed, s.Controller, s.Referrals, s.New = whole(now), l.Server, l.ReferralCount, len(c.fresh)
	if l.Full {
		s.Full, s.Others, s.LeftOut, s.Skipped = whole(now), l.Others, l.LeftOut, l.Skipped
	}
	s.Truncated = c.truncated || s.Truncated && !l.Full
	return y.Book.apply(ctx, &s, &c, y.Drafts, proof(&s, l, &c, y.Book.count(s.Target, &c), now))
}

// failed keeps why a listing failed, and proves it when that is news.
func (y *try) failed(ctx context.Context, err error) error {
	now := time.Now()
	s := y.was
	s.Name, s.Domain, s.Tried, s.TriedAt = y.target.Name, fold(y.target.Domain), y.key, whole(now)
	s.hold(y.login, err, now)
	s.block(y.useless, now)
	kind := kindOf(err)
	if s.ProblemSince.IsZero() {
		s.ProblemSince = whole(now)
	}
	news := kind != s.Kind || now.Sub(s.ProvedAt) >= problemAgain
	s.Problem, s.Kind = clip(err.Error()), kind
	if !news {
		return y.Book.apply(ctx, &s, &change{}, y.Drafts, nil)
	}
	s.ProvedAt = whole(now)
	return y.Book.apply(ctx, &s, &change{}, y.Drafts, failure(&s, now))
}

// kindOf is an error's constant sentence: what a controller wrote is not kept for
// good.
func kindOf(err error) string {
	for _, kind := range []error{
		errHeld, errKind, errOpen, discover.ErrCredentials, discover.ErrCertificate, discover.ErrPlainRefused, discover.ErrDenied, discover.ErrDomain,
		discover.ErrClock, discover.ErrLimit, discover.ErrInvalid, discover.ErrTimeout, discover.ErrReply, discover.ErrUnreachable,
	} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return "the appliance could not keep what it read"
}

// clip bounds a text for people, which may have a controller's bytes in it.
func clip(text string) string { return cut(text, 500) }

func cut(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

// held reports whether a credential in its version was refused anywhere, and is not
// to be tried yet.
func (b *Book) held(login string, now time.Time) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, d := range b.domains {
		if d.Held == login && (d.HeldUntil.IsZero() || now.Before(d.HeldUntil)) {
			return true
		}
	}
	return false
}

// compare is what a listing changes.
func (b *Book) compare(id string, l *discover.Listing, now time.Time) change {
	b.mu.RLock()
	defer b.mu.RUnlock()
	room := maxComputers
	for other, d := range b.domains {
		if other != id {
			room -= len(d.computers)
		}
	}
	d := b.domains[id]
	if d == nil {
		return change{}
	}
	return merge(id, d, l, now, room)
}
