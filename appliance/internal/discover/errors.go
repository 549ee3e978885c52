package discover

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

var (
	// ErrInvalid means that the configuration cannot work anywhere.
	ErrInvalid = errors.New("invalid directory configuration")
	// ErrUnreachable means that there is no conversation: no name, no answer, or
	// it broke off.
	ErrUnreachable = errors.New("domain controller unreachable (is it up, and are ports 636, 389, 88 and 53 open from here?)")
	// ErrTimeout means that the deadline ended.
	ErrTimeout = errors.New("timed out")
	// ErrPlainRefused means that the controller would talk, but not in TLS; we
	// then do not talk.
	ErrPlainRefused = errors.New("domain controller does not talk tls, and a plain connection is never used (give it a certificate for server authentication)")
	// ErrCertificate means that the certificate is not the right one; the error
	// is an *Untrusted.
	ErrCertificate = errors.New("domain controller's certificate is not trusted")
	// ErrCredentials means that the account is not accepted. The error is a
	// *Refused, which says whether it may be tried again by itself: accounts lock.
	ErrCredentials = errors.New("credentials refused")
	// ErrDenied means that the account may not read that.
	ErrDenied = errors.New("account may not read this")
	// ErrDomain means that the controller is another domain's.
	ErrDomain = errors.New("domain controller of another domain")
	// ErrClock means that this computer's clock and the domain's differ by more
	// than Kerberos' five minutes.
	ErrClock = errors.New("clock differs from the domain's by more than five minutes")
	// ErrLimit means that there is more than is given or taken: what was read is
	// not all, and is not returned.
	ErrLimit = errors.New("directory limit reached")
	// ErrReply means that the answer is not a directory's.
	ErrReply = errors.New("unusable reply")
)

// Untrusted says which key a controller showed, for an operator to pin it.
type Untrusted struct {
	// SPKI is the SHA-256 of the certificate's public key.
	SPKI [32]byte
	Err  error
}

func (u *Untrusted) Error() string {
	return fmt.Sprintf("%s: %s (its key's SHA-256 is %x)", ErrCertificate, u.Err, u.SPKI)
}

// Is makes it ErrCertificate.
func (u *Untrusted) Is(target error) bool { return target == ErrCertificate }

// Unwrap is the reason.
func (u *Untrusted) Unwrap() error { return u.Err }

// Refused says why a credential was.
type Refused struct {
	// Code is Windows' error in hexadecimal, as "52e", or Kerberos' name.
	Code string
	Hint string
	// Forgeable means that a KDC said so, for which anybody between it and us can
	// speak: the account may be good.
	Forgeable bool
	// Harmless means that the domain did not count it as a wrong password.
	Harmless bool
}

func (r *Refused) Error() string {
	return fmt.Sprintf("%s: %s (%s)", ErrCredentials, r.Hint, r.Code)
}

// Is makes it ErrCredentials.
func (r *Refused) Is(target error) bool { return target == ErrCredentials }

// bindCodes are system error codes that follow "data" in AD's answer to a bind.
var bindCodes = map[string]string{
	"525": "there is no such account", "52e": "wrong account name or password", "530": "not at this hour",
	"531": "not from this computer", "532": "the password has expired", "533": "the account is disabled",
	"568": "the account is in too many groups", "569": "the account may not log on over the network",
	"701": "the account has expired", "773": "the password must be changed first",
	"775":      "the account is locked; unlock it, and change the password here before the next try",
	"80090346": "the controller demands channel binding, which Kerberos here does not give: use a simple bind over TLS",
}

// kerberosCodes are KDC errors about the account (RFC 4120 7.5.9).
var kerberosCodes = map[string]string{
	"KDC_ERR_C_PRINCIPAL_UNKNOWN": "there is no such account", "KDC_ERR_PREAUTH_FAILED": "wrong password or keytab",
	"KDC_ERR_CLIENT_REVOKED": "the account is disabled, expired or locked", "KDC_ERR_KEY_EXPIRED": "the password has expired",
	"KDC_ERR_ETYPE_NOSUPP":        "the account has no AES keys: set its password again",
	"KDC_ERR_S_PRINCIPAL_UNKNOWN": "the domain knows no controller of that name: give its full DNS name",
	"KDC_ERR_POLICY":              "the domain's policy forbids it",
}

// countedCodes are those by which an account locks, or is locked.
var countedCodes = map[string]bool{"KDC_ERR_PREAUTH_FAILED": true, "KDC_ERR_CLIENT_REVOKED": true}

var (
	bindData     = regexp.MustCompile(`\bdata ([0-9a-f]{3,8})\b`)
	bindStatus   = regexp.MustCompile(`\b(80090346)\b`)
	kerberosCode = regexp.MustCompile(`\b(KDC_ERR|KRB_AP_ERR)_[A-Z_]+\b`)
)

// refused reads the answer to a bind.
func refused(text string) *Refused {
	text = strings.ToLower(text)
	for _, form := range []*regexp.Regexp{bindStatus, bindData} {
		if m := form.FindStringSubmatch(text); m != nil {
			if hint := bindCodes[m[1]]; hint != "" {
				return &Refused{Code: m[1], Hint: hint}
			}
		}
	}
	return &Refused{Code: "49", Hint: "wrong account name or password"}
}

// classify gives an error the name that callers know.
func classify(ctx context.Context, err error) error {
	var l *ldap.Error
	var plain tls.RecordHeaderError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		// What failed is a consequence.
		return fmt.Errorf("%w: %w", ErrTimeout, context.Cause(ctx))
	case known(err):
		return err
	case errors.As(err, &plain):
		return fmt.Errorf("%w: %w", ErrPlainRefused, err)
	case !errors.As(err, &l):
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	switch l.ResultCode {
	case ldap.LDAPResultInvalidCredentials:
		return refused(l.Error())
	case ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired:
		return fmt.Errorf("%w: %w", ErrPlainRefused, err)
	case ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultAdminLimitExceeded:
		return fmt.Errorf("%w: %w", ErrLimit, err)
	case ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultNoSuchObject, ldap.LDAPResultOperationsError:
		return fmt.Errorf("%w: %w", ErrDenied, err)
	case ldap.LDAPResultReferral:
		return fmt.Errorf("%w: %w", ErrDomain, err)
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.ErrorNetwork:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return fmt.Errorf("%w: %w", ErrReply, err)
}

func known(err error) bool {
	for _, k := range []error{ErrInvalid, ErrUnreachable, ErrTimeout, ErrPlainRefused, ErrCertificate, ErrCredentials, ErrDenied, ErrDomain, ErrClock, ErrLimit, ErrReply} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}
