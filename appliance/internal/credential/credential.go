// Package credential holds what hosts without an agent are signed in to with. A
// check-in brings the whole list; what is not in it is gone. Rows of state.db hold
// the sealed bytes as they came (shared/credential); the key that opens them is
// identity/sealing.key, mode 0600, and is registered at Central by a statement
// that the command key signs. A credential is opened when it is used and kept
// nowhere: not in memory, in logs, in errors or in evidence.
//
// A version never goes back, also over a withdrawal. ErrNone means that there is
// no credential of that name, ErrHost that it is not for that host, ErrKind that
// it is of another kind, ErrOlder that Central sent a version that was withdrawn;
// errors of opening are those of shared/credential.
package credential

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/credential"
	"github.com/osiriscare/osiris/shared/signed"
)

// Errors that callers tell apart.
var (
	ErrNone  = errors.New("there is no such credential; osirisctl credential list shows those there are")
	ErrHost  = errors.New("the credential is not for this host")
	ErrKind  = errors.New("the credential is of another kind")
	ErrOlder = errors.New("a version that was replaced or withdrawn before; rotate the credential")
	errList  = errors.New("not a list of credentials")
)

// maxCredentials is far above what Central lets a site have.
const maxCredentials = 1000

//go:embed schema.sql
var schema string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "credential", Steps: []string{schema}}

// Config says whose credentials they are.
type Config struct {
	SiteID, ApplianceID string
	KeyFile             string // of the sealing key; made when it is missing
	Command             *signed.Key
}

// Store has the credentials.
type Store struct {
	cfg       Config
	store     *store.Store
	key       *credential.Key
	statement *trustv1.SignedEnvelope
	log       *slog.Logger

	mu       sync.Mutex
	state    []byte // nil before the first list
	problems []*centralv1.CredentialProblem
}

// New reads what is held and the key that opens it.
func New(ctx context.Context, cfg Config, st *store.Store, log *slog.Logger) (*Store, error) {
	s := &Store{cfg: cfg, store: st, log: log.With("component", "credential")}
	var err error
	if s.key, err = credential.LoadOrCreate(cfg.KeyFile); err != nil {
		return nil, err
	}
	if s.statement, err = s.key.Sign(cfg.Command, cfg.SiteID, cfg.ApplianceID); err != nil {
		return nil, err
	}
	err = st.Reader().QueryRowContext(ctx, "SELECT state FROM credential_state").Scan(&s.state)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	return s, s.try(ctx)
}

// Fingerprint is that of the sealing key, for a person to compare with what
// osirisctl shows.
func (s *Store) Fingerprint() string { return credential.Fingerprint(s.key.Public()) }

// Open opens a credential for use against a host, which is as the target spells
// it, and says its version. The caller keeps it no longer than it needs it.
func (s *Store) Open(ctx context.Context, name, host string) (credential.Credential, uint64, error) {
	var kind string
	var version uint64
	var sealed []byte
	err := s.store.Reader().QueryRowContext(ctx, "SELECT kind, version, sealed FROM credential WHERE name = ?", name).Scan(&kind, &version, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return credential.Credential{}, 0, fmt.Errorf("opening credential %.100q: %w", name, ErrNone)
	}
	if err != nil {
		return credential.Credential{}, 0, fmt.Errorf("reading credential %s: %w", name, err)
	}
	c, err := s.unseal(name, credential.Kind(kind), version, sealed)
	if err != nil {
		return credential.Credential{}, 0, fmt.Errorf("opening credential %s version %d: %w", name, version, err)
	}
	if !c.Allows(host) {
		return credential.Credential{}, 0, fmt.Errorf("opening credential %s for %.100q: %w", name, host, ErrHost)
	}
	return c, version, nil
}

// unseal opens a row. One without bytes stands for a version that was refused.
func (s *Store) unseal(name string, kind credential.Kind, version uint64, sealed []byte) (credential.Credential, error) {
	if len(sealed) == 0 {
		return credential.Credential{}, ErrOlder
	}
	return s.key.Open(credential.Place{SiteID: s.cfg.SiteID, ApplianceID: s.cfg.ApplianceID, Name: name, Kind: kind, Version: version}, sealed)
}

// Tell adds what is held to a check-in.
func (s *Store) Tell(_ context.Context, m *centralv1.CheckInRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.SealingKey, m.CredentialsState, m.CredentialProblems = s.statement, s.state, s.problems
	return nil
}

// Take replaces the credentials by those of a check-in, if it brings a list.
func (s *Store) Take(ctx context.Context, m *centralv1.CheckInResponse) (changed bool, err error) {
	if len(m.GetCredentialsState()) == 0 || m.GetCredentials() == nil {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Equal(s.state, m.GetCredentialsState()) {
		return false, nil
	}
	if err := s.replace(ctx, m.GetCredentialsState(), m.GetCredentials().GetCredentials()); err != nil {
		return false, fmt.Errorf("taking credentials: %w", err)
	}
	s.state = bytes.Clone(m.GetCredentialsState())
	return true, s.try(ctx)
}

// try opens everything once, so that a person sees at Central what does not
// open; nothing of it is kept.
func (s *Store) try(ctx context.Context) error {
	rows, err := s.rows(ctx)
	if err != nil {
		return err
	}
	s.problems = nil
	for _, r := range rows {
		if _, err := s.unseal(r.GetName(), credential.KindOf(r.GetKind()), r.GetVersion(), r.GetSealed()); err != nil {
			s.problems = append(s.problems, &centralv1.CredentialProblem{Name: r.GetName(), Version: r.GetVersion(), Reason: err.Error()})
			s.log.ErrorContext(ctx, "credential does not open", "name", r.GetName(), "version", r.GetVersion(), "error", err)
		}
	}
	return nil
}

func (s *Store) rows(ctx context.Context) ([]*centralv1.SealedCredential, error) {
	rows, err := s.store.Reader().QueryContext(ctx, "SELECT name, kind, version, sealed FROM credential ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var all []*centralv1.SealedCredential
	for rows.Next() {
		r, kind := &centralv1.SealedCredential{}, ""
		if err := rows.Scan(&r.Name, &kind, &r.Version, &r.Sealed); err != nil {
			return nil, fmt.Errorf("reading credentials: %w", err)
		}
		r.Kind = credential.Kind(kind).Wire()
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	return all, nil
}
