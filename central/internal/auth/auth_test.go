package auth_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/store"
)

func service(t *testing.T) (*auth.Service, *store.Store) {
	t.Helper()
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return auth.New(s), s
}

func TestTokensNameTheirOperator(t *testing.T) {
	a, _ := service(t)
	token, err := a.NewToken(t.Context(), "maria")
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]error{
		"Bearer " + token: nil, "bearer " + token: nil, "Bearer  " + token + " ": nil,
		token: auth.ErrDenied, "Basic " + token: auth.ErrDenied, "": auth.ErrDenied, "Bearer": auth.ErrDenied,
		"Bearer " + token[:len(token)-1]: auth.ErrDenied, "Bearer " + strings.ToUpper(token): auth.ErrDenied,
	} {
		name, err := a.Bearer(t.Context(), header)
		if !errors.Is(err, want) || err == nil && name != "maria" {
			t.Errorf("Bearer(%.30q) = %q, %v; want %v", header, name, err, want)
		}
	}
}

func TestALoginCodeWorksOnceAndItsSessionEnds(t *testing.T) {
	a, _ := service(t)
	code, err := a.NewLoginCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	session, err := a.Login(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Login(t.Context(), code); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("the code again = %v; want ErrDenied", err)
	}
	if _, err := a.Login(t.Context(), "x"); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("another code = %v; want ErrDenied", err)
	}
	if _, err := a.Session(t.Context(), session); err != nil {
		t.Errorf("Session = %v", err)
	}
	for _, wrong := range []string{"", "x", code} {
		if _, err := a.Session(t.Context(), wrong); !errors.Is(err, auth.ErrDenied) {
			t.Errorf("Session(%.8q) = %v; want ErrDenied", wrong, err)
		}
	}
	if err := a.Logout(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Session(t.Context(), session); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("Session after sign-out = %v; want ErrDenied", err)
	}
}

func TestATokenBeginsASession(t *testing.T) {
	a, _ := service(t)
	token, err := a.NewToken(t.Context(), "maria")
	if err != nil {
		t.Fatal(err)
	}
	session, err := a.LoginToken(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if name, err := a.Session(t.Context(), session); err != nil || name != "maria" {
		t.Errorf("Session = %q, %v; want maria", name, err)
	}
	if _, err := a.LoginToken(t.Context(), "osiris-ot1-x"); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("LoginToken(wrong) = %v; want ErrDenied", err)
	}
}

func TestASecretIsNotReadableInTheDatabase(t *testing.T) {
	a, s := service(t)
	token, err := a.NewToken(t.Context(), "maria")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TokenName(t.Context(), []byte(token)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the token itself is a key: %v", err)
	}
}
