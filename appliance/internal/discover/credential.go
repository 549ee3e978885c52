package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
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
		if _, err := readKeytab(c.Keytab); err != nil {
			return err
		}
	}
	return nil
}

func readKeytab(b []byte) (*keytab.Keytab, error) {
	k := keytab.New()
	if err := guard(func() error { return k.Unmarshal(b) }); err != nil || len(k.Entries) == 0 {
		return nil, fmt.Errorf("%w: the keytab cannot be read", ErrInvalid)
	}
	return k, nil
}

func (d *Directory) bind(ctx context.Context, s *session) error {
	if d.cfg.Credential.Method == Simple {
		if err := s.conn.Bind(d.cfg.Credential.User, d.cfg.Credential.Password); err != nil {
			return fmt.Errorf("binding: %w", err)
		}
		return nil
	}
	// The controller is a KDC of its domain itself; the others are for when its
	// port is closed.
	host, _, err := net.SplitHostPort(s.wire.RemoteAddr().String())
	if err != nil {
		return fmt.Errorf("reading the controller's address: %w", err)
	}
	err = d.kerberos(ctx, s, []string{net.JoinHostPort(host, "88")})
	if !errors.Is(err, ErrUnreachable) {
		return err
	}
	others, lookup := d.kdcs(ctx)
	if lookup != nil {
		return errors.Join(err, lookup)
	}
	return d.kerberos(ctx, s, others)
}

// kerberos logs on and binds. gokrb5 knows no contexts, but gives up on a KDC
// after five seconds; the caller does not wait for that.
func (d *Directory) kerberos(ctx context.Context, s *session, kdcs []string) error {
	done := make(chan error, 1)
	go func() { done <- guard(func() error { return d.gssapi(s, kdcs) }) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the kdc: %w", context.Cause(ctx))
	}
}

func (d *Directory) gssapi(s *session, kdcs []string) error {
	c, err := d.login(kdcs)
	if err != nil {
		return err
	}
	defer c.Destroy()
	if err := c.Login(); err != nil {
		return kerberosProblem("getting a ticket", err)
	}
	err = s.conn.GSSAPIBind(&gssapi.Client{Client: c}, "ldap/"+s.server, "")
	var l *ldap.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &l):
		return fmt.Errorf("binding: %w", err)
	}
	return kerberosProblem("binding", err)
}

func (d *Directory) login(kdcs []string) (*client.Client, error) {
	realm := strings.ToUpper(d.cfg.Domain)
	user := d.cfg.Credential.User
	if _, name, ok := strings.Cut(user, `\`); ok {
		user = name
	}
	user, _, _ = strings.Cut(user, "@")
	off := client.DisablePAFXFAST(true) // AD and Samba refuse gokrb5's form of it
	if len(d.cfg.Credential.Keytab) > 0 {
		k, err := readKeytab(d.cfg.Credential.Keytab)
		if err != nil {
			return nil, err
		}
		return client.NewWithKeytab(user, realm, k, settings(realm, kdcs), off), nil
	}
	return client.NewWithPassword(user, realm, d.cfg.Credential.Password, settings(realm, kdcs), off), nil
}

// settings are a krb5.conf that names one realm: AES, TCP, no DNS.
func settings(realm string, kdcs []string) *config.Config {
	ciphers := []int32{etypeID.AES256_CTS_HMAC_SHA1_96, etypeID.AES128_CTS_HMAC_SHA1_96}
	c := config.New()
	c.LibDefaults.DefaultRealm = realm
	c.LibDefaults.DNSLookupKDC = false
	c.LibDefaults.DNSLookupRealm = false
	c.LibDefaults.UDPPreferenceLimit = 1
	c.LibDefaults.DefaultTktEnctypeIDs = ciphers
	c.LibDefaults.DefaultTGSEnctypeIDs = ciphers
	c.LibDefaults.PermittedEnctypeIDs = ciphers
	c.Realms = []config.Realm{{Realm: realm, KDC: kdcs}}
	return c
}

// kerberosProblem sorts what gokrb5 says only as text.
func kerberosProblem(doing string, err error) error {
	if code := kerberosError.FindString(err.Error()); code != "" {
		if hint := kerberosCodes[code]; hint != "" {
			return &Refused{code, hint}
		}
		if code == "KRB_AP_ERR_SKEW" {
			return fmt.Errorf("%w: %s", ErrClock, doing)
		}
		return fmt.Errorf("%w: %s: %s", ErrReply, doing, code)
	}
	if strings.Contains(err.Error(), "Networking_Error") || strings.Contains(err.Error(), "communication error with KDC") {
		return fmt.Errorf("%w: %s: %w", ErrUnreachable, doing, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrReply, doing, err)
}

// guard turns a panic of gokrb5 over foreign bytes into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrReply, p)
		}
	}()
	return f()
}
