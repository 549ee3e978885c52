package discover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
)

// Method is how an account proves itself.
type Method string

// The methods. Both are inside TLS.
const (
	Simple   Method = "simple"
	Kerberos Method = "kerberos"
)

// Credential is an account that may read the domain; an ordinary user can.
type Credential struct {
	Method Method
	// User is user@domain or DOMAIN\user; for Kerberos the part before or after
	// counts, in the configured domain.
	User     string
	Password string
	// Keytab is the content of a keytab file, for Kerberos in place of Password.
	Keytab []byte
}

// String keeps the password out of logs.
func (c Credential) String() string { return fmt.Sprintf("%s as %s", c.Method, c.User) }

// GoString too.
func (c Credential) GoString() string { return c.String() }

func (c Credential) validate() error {
	switch {
	case c.Method != Simple && c.Method != Kerberos:
		return fmt.Errorf("%w: the method %.40q is neither simple nor kerberos", ErrInvalid, c.Method)
	case c.User == "":
		return fmt.Errorf("%w: a user is missing", ErrInvalid)
	case c.Method == Simple && c.Password == "":
		// An empty password binds as nobody, successfully (RFC 4513 5.1.2).
		return fmt.Errorf("%w: a password is missing", ErrInvalid)
	case c.Method == Kerberos && (c.Password == "") == (len(c.Keytab) == 0):
		return fmt.Errorf("%w: a password or a keytab, one of them", ErrInvalid)
	}
	if len(c.Keytab) > 0 {
		if err := kerberos.CheckKeytab(c.Keytab); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return nil
}

func (d *Directory) bind(ctx context.Context, s *session) error {
	if d.cfg.Credential.Method == Simple {
		if err := s.conn.Bind(d.cfg.Credential.User, d.cfg.Credential.Password); err != nil {
			return fmt.Errorf("binding: %w", err)
		}
		return nil
	}
	ticket, err := d.ticket(ctx, s)
	if err != nil {
		return err
	}
	g := &gssapi{context: kerberos.NewContext(ticket, nil)}
	return guard(func() error { return g.bind(s) })
}

// ticket gets the right to use the controller. It is a KDC of its domain itself;
// the others are for when its port is closed.
func (d *Directory) ticket(ctx context.Context, s *session) (*kerberos.Ticket, error) {
	host, _, err := net.SplitHostPort(s.wire.RemoteAddr().String())
	if err != nil {
		return nil, fmt.Errorf("reading the controller's address: %w", err)
	}
	t, err := d.ticketBy(ctx, s.server, []string{net.JoinHostPort(host, "88")})
	if !errors.Is(err, ErrUnreachable) {
		return t, err
	}
	others, lookup := d.kdcs(ctx)
	if lookup != nil {
		return nil, errors.Join(err, lookup)
	}
	return d.ticketBy(ctx, s.server, others)
}

func (d *Directory) ticketBy(ctx context.Context, server string, kdcs []string) (*kerberos.Ticket, error) {
	account := d.account()
	tickets := kerberos.New(func(_ context.Context, realm string) ([]string, error) {
		if realm != account.Realm {
			return nil, fmt.Errorf("the kdc sends us on to %.100q", realm)
		}
		return kdcs, nil
	})
	t, err := tickets.Ticket(ctx, account, "ldap/"+server)
	if err != nil {
		return nil, kerberosProblem("getting a ticket", err)
	}
	return t, nil
}

func (d *Directory) account() kerberos.Account {
	user := d.cfg.Credential.User
	if _, name, ok := strings.Cut(user, `\`); ok {
		user = name
	}
	user, _, _ = strings.Cut(user, "@")
	return kerberos.Account{
		Realm: strings.ToUpper(d.cfg.Domain), User: user, Password: d.cfg.Credential.Password, Keytab: d.cfg.Credential.Keytab,
	}
}

// kerberosProblem gives an error of Kerberos the name that callers know.
func kerberosProblem(doing string, err error) error {
	switch {
	case errors.Is(err, kerberos.ErrClock):
		return fmt.Errorf("%w: %s: %w", ErrClock, doing, err)
	case errors.Is(err, kerberos.ErrKDC):
		return fmt.Errorf("%w: %s: %w", ErrUnreachable, doing, err)
	case errors.Is(err, kerberos.ErrRefused), errors.Is(err, kerberos.ErrService):
		code := kerberosCode.FindString(err.Error())
		if hint := kerberosCodes[code]; hint != "" {
			return &Refused{Code: code, Hint: hint, Forgeable: true, Harmless: !countedCodes[code]}
		}
		return &Refused{Code: cmp.Or(code, "kerberos"), Hint: err.Error(), Forgeable: true, Harmless: true}
	}
	return fmt.Errorf("%w: %s: %w", ErrReply, doing, err)
}

// guard turns a panic of a library over foreign bytes into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrReply, p)
		}
	}()
	return f()
}
