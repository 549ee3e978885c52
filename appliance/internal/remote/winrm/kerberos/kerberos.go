// Package kerberos gets tickets from a domain's KDC, authenticates to a service
// with them and seals messages: RFC 4120 for the exchanges, RFC 4121 for the
// tokens, with confidentiality and laid out as gss_wrap_iov gives it, which is
// what Windows' remote management unseals; without it, for the last step of a
// logon to LDAP (RFC 4752).
//
// github.com/jcmturner/gokrb5 (v8.4.4, read 2026-11-22) has the messages and
// the cryptography. Its client is not used: it ignores contexts, believes a
// KDC's length field up to 4 GB, renews in goroutines of its own that parse
// foreign bytes, derives keys with as many rounds as an unauthenticated reply
// asks for, and cannot seal. Only AES is spoken, so that nobody can talk us down to RC4.
//
// ErrKDC means that no KDC answered, or with another time (ErrClock), ErrRefused that it knows the user but not
// the password or does not let them in, ErrService that it does not know the
// service, ErrReply that a message is not what it should be, ErrSeal that a
// sealed message was altered, repeated or came out of order.
package kerberos

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

var (
	// ErrKDC means that no KDC of the realm could be asked.
	ErrKDC = errors.New("no answer from the kdc")
	// ErrClock is an ErrKDC: one answered, and its time is not ours.
	ErrClock = errors.New("the clocks differ by more than five minutes")
	// ErrRefused means that the KDC does not accept the credential.
	ErrRefused = errors.New("kdc refused the credential")
	// ErrService means that the KDC does not know the service.
	ErrService = errors.New("kdc does not know the service")
	// ErrReply means that a message cannot be read or does not fit.
	ErrReply = errors.New("malformed kerberos message")
	// ErrSeal means that a message is not what the peer sealed.
	ErrSeal = errors.New("kerberos seal does not match")
)

// KDCs names a realm's KDCs as host:port, the best first.
type KDCs func(ctx context.Context, realm string) ([]string, error)

// Account is who signs in.
type Account struct {
	Realm    string // upper case
	User     string
	Password string
	// Keytab is the content of a keytab file, in place of Password.
	Keytab []byte
}

// Ticket is the right to use a service for a while.
type Ticket struct {
	ticket  messages.Ticket
	key     types.EncryptionKey
	account Account
	end     time.Time
}

// Client gets tickets and keeps them until they expire. It is safe for
// concurrent use; one user's tickets are fetched one at a time, and a
// credential that the KDC refused is not tried again for a while, so that a
// sweep of 500 hosts with an old password is one failed logon, not 500.
type Client struct {
	kdcs KDCs
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	now  func() time.Time

	mu    sync.Mutex
	users map[userKey]*user
}

// userKey names an account without holding its password.
type userKey struct {
	name string
	sum  [32]byte
}

// user is what is known of one account.
type user struct {
	turn chan struct{} // holds one token: whoever has it may fetch

	tickets map[string]*Ticket // by service; "" is the ticket-granting one
	refused error
	until   time.Time
}

const (
	// spare is how long before its end a ticket is not used any more.
	spare = 5 * time.Minute
	// refusedFor is how long a refusal stands. Shorter than the usual lockout
	// window (10 to 30 minutes) a refusal would not add up to a lockout: at
	// most two failed logons in ten minutes.
	refusedFor = 5 * time.Minute
	// maxTickets bounds one user's services.
	maxTickets = 8192
)

// New returns a client that finds KDCs by kdcs.
func New(kdcs KDCs) *Client {
	return &Client{kdcs: kdcs, dial: (&net.Dialer{}).DialContext, now: time.Now, users: map[userKey]*user{}}
}

// Ticket returns a ticket for a service such as "HTTP/ws01.northvalley.local".
func (c *Client) Ticket(ctx context.Context, account Account, service string) (*Ticket, error) {
	u := c.user(account)
	select {
	case <-u.turn:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a ticket: %w", ctx.Err())
	}
	defer func() { u.turn <- struct{}{} }()
	if u.refused != nil && c.now().Before(u.until) {
		return nil, u.refused
	}
	t, err := c.fetch(ctx, u, account, service)
	if errors.Is(err, ErrRefused) {
		u.refused, u.until = err, c.now().Add(refusedFor)
	}
	return t, err
}

func (c *Client) fetch(ctx context.Context, u *user, account Account, service string) (*Ticket, error) {
	if t := u.tickets[service]; t != nil && c.now().Add(spare).Before(t.end) {
		return t, nil
	}
	tgt := u.tickets[""]
	if tgt == nil || !c.now().Add(spare).Before(tgt.end) {
		var err error
		if tgt, err = c.login(ctx, account); err != nil {
			return nil, fmt.Errorf("signing in to %s: %w", account.Realm, err)
		}
		u.tickets = map[string]*Ticket{"": tgt}
		u.refused = nil
	}
	t, err := c.service(ctx, tgt, service)
	if err != nil {
		return nil, fmt.Errorf("getting a ticket for %s: %w", service, err)
	}
	if len(u.tickets) < maxTickets {
		u.tickets[service] = t
	}
	return t, nil
}

// Forget drops a service's ticket: a service that refuses it may have a new key
// since, as a computer that joined its domain again.
func (c *Client) Forget(ctx context.Context, account Account, service string) {
	u := c.user(account)
	select {
	case <-u.turn:
		if service != "" {
			delete(u.tickets, service)
		}
		u.turn <- struct{}{}
	case <-ctx.Done():
	}
}

// user returns what is known of an account.
func (c *Client) user(account Account) *user {
	key := userKey{strings.ToLower(account.User) + "@" + account.Realm, sha256.Sum256(slices.Concat([]byte(account.Password), []byte{0}, account.Keytab))}
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.users[key]
	if u == nil {
		u = &user{turn: make(chan struct{}, 1), tickets: map[string]*Ticket{}}
		u.turn <- struct{}{}
		c.forget(key.name)
		c.users[key] = u
	}
	return u
}

// forget drops an account's older passwords.
func (c *Client) forget(name string) {
	for k := range c.users {
		if k.name == name {
			delete(c.users, k)
		}
	}
}

// guard turns a panic of the library over foreign bytes into an error.
func guard(what string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %s", ErrReply, what)
		}
	}()
	return f()
}
