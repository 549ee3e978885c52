// Package auth says who is calling. Operators have a bearer token (256 random
// bits, osiris-ot1-<hex>) or a cookie session that a single-use login code or a
// token began; appliances have the client certificate of their claim. Secrets
// are kept as SHA-256, which suffices because they are random and long. Login
// codes live ten minutes, sessions twelve hours.
//
// ErrDenied means that the caller is nobody; it says no more, on purpose.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/central/internal/store"
)

// ErrDenied refuses a caller.
var ErrDenied = errors.New("not signed in, or the token is not valid")

// Lifetimes.
const (
	codeLifetime    = 10 * time.Minute
	SessionLifetime = 12 * time.Hour
)

const (
	tokenPrefix = "osiris-ot1-"
	secretBytes = 32
)

// Store keeps hashes of secrets.
type Store interface {
	AddToken(ctx context.Context, hash []byte, name string, nowMs int64) error
	TokenName(ctx context.Context, hash []byte) (string, error)
	AddLoginCode(ctx context.Context, hash []byte, expiresMs int64) error
	UseLoginCode(ctx context.Context, code, session []byte, name string, nowMs, expiresMs int64) error
	AddSession(ctx context.Context, hash []byte, name string, nowMs, expiresMs int64) error
	SessionName(ctx context.Context, hash []byte, nowMs int64) (string, error)
	EndSession(ctx context.Context, hash []byte) error
}

// Service knows operators.
type Service struct{ store Store }

// New makes the service.
func New(s *store.Store) *Service { return &Service{store: s} }

func secret() string {
	var b [secretBytes]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func hashOf(kind, secret string) []byte {
	sum := sha256.Sum256([]byte("osiris " + kind + "\x00" + secret))
	return sum[:]
}

// NewToken makes an operator token; it is shown once.
func (s *Service) NewToken(ctx context.Context, name string) (string, error) {
	token := tokenPrefix + secret()
	if err := s.store.AddToken(ctx, hashOf("token", token), name, time.Now().UnixMilli()); err != nil {
		return "", fmt.Errorf("keeping token: %w", err)
	}
	return token, nil
}

// Token names the operator of a token.
func (s *Service) Token(ctx context.Context, token string) (string, error) {
	if !strings.HasPrefix(token, tokenPrefix) {
		return "", ErrDenied
	}
	name, err := s.store.TokenName(ctx, hashOf("token", token))
	return name, denied(err)
}

// Bearer names the operator of an Authorization header.
func (s *Service) Bearer(ctx context.Context, header string) (string, error) {
	kind, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "Bearer") {
		return "", ErrDenied
	}
	return s.Token(ctx, strings.TrimSpace(token))
}

// NewLoginCode makes a code that begins one session.
func (s *Service) NewLoginCode(ctx context.Context) (string, error) {
	code := secret()
	err := s.store.AddLoginCode(ctx, hashOf("login", code), time.Now().Add(codeLifetime).UnixMilli())
	if err != nil {
		return "", fmt.Errorf("keeping login code: %w", err)
	}
	return code, nil
}

// Login turns a login code into a session.
func (s *Service) Login(ctx context.Context, code string) (session string, err error) {
	session, now := secret(), time.Now()
	err = s.store.UseLoginCode(ctx, hashOf("login", code), hashOf("session", session), "dashboard",
		now.UnixMilli(), now.Add(SessionLifetime).UnixMilli())
	return session, denied(err)
}

// LoginToken turns an operator token into a session.
func (s *Service) LoginToken(ctx context.Context, token string) (session string, err error) {
	name, err := s.Token(ctx, token)
	if err != nil {
		return "", err
	}
	session, now := secret(), time.Now()
	err = s.store.AddSession(ctx, hashOf("session", session), name, now.UnixMilli(), now.Add(SessionLifetime).UnixMilli())
	return session, err
}

// Session names the operator of a session.
func (s *Service) Session(ctx context.Context, session string) (string, error) {
	if session == "" {
		return "", ErrDenied
	}
	name, err := s.store.SessionName(ctx, hashOf("session", session), time.Now().UnixMilli())
	return name, denied(err)
}

// Logout ends a session.
func (s *Service) Logout(ctx context.Context, session string) error {
	return s.store.EndSession(ctx, hashOf("session", session))
}

func denied(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrDenied
	}
	return err
}
