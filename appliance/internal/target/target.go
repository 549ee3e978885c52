// Package target holds the hosts that are scanned without an agent, as Central
// named them at a check-in: Windows and Linux servers and workstations, and the
// domains whose computers are listed. A list is replaced whole. An empty list means that nothing is scanned; a check-in that
// does not speak of targets changes nothing. The list is kept in state.db, so
// that scanning goes on while Central is away. Which credential a target is
// signed in to with is what the target says (DESIGN D16).
//
// ErrList means that what came cannot be a list; the one that is held stays.
package target

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/store"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// ErrList refuses a list.
var ErrList = errors.New("not a list of targets")

// maxTargets is far above what Central lets a site have; it bounds memory.
const maxTargets = 20_000

//go:embed schema.sql
var schema string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "target", Steps: []string{schema}}

// Kind says how a host is reached and how often.
type Kind string

// The kinds.
const (
	Windows     Kind = "windows"     // server, by WinRM
	Linux       Kind = "linux"       // server, by SSH
	Workstation Kind = "workstation" // Windows, by WinRM
)

// Target is one host.
type Target struct {
	ID         string // Central's, t_…; stays while the host is the same
	Name       string // for people, unique in the site
	Kind       Kind
	Host       string // name or address that is connected to
	Port       int    // 0: the road's own
	TLSName    string // in the certificate and to the KDC; Host when empty
	HTTP       bool   // WinRM without TLS; sealed all the same
	AllowBasic bool
	AllowPlain bool
	Pin        [32]byte // of the certificate's public key or the SSH host key; zero: none
	Credential string   // name of the one to sign in with
	ObjectGUID string   // of the computer account, lower case with dashes; empty when unknown
	Lab        bool     // fixes may be tried on it
}

// Store has the list.
type Store struct {
	store *store.Store

	mu      sync.Mutex
	state   []byte // nil before the first list
	all     []Target
	domains []directory.Domain
}

// New reads the list that is held.
func New(ctx context.Context, st *store.Store) (*Store, error) {
	s := &Store{store: st}
	var body []byte
	err := st.Reader().QueryRowContext(ctx, "SELECT state, body FROM target_list").Scan(&s.state, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	m := &centralv1.CheckInResponse{}
	if err == nil {
		err = proto.Unmarshal(body, m)
	}
	if err == nil {
		s.all, s.domains, err = targets(m)
	}
	if err != nil {
		return nil, fmt.Errorf("reading targets: %w", err)
	}
	if m.GetDomainTargets() == nil {
		s.state = nil // kept by a program that took no domains: all is asked for again
	}
	return s, nil
}

// List is every target in the order of Central's names. The caller may keep it.
func (s *Store) List(context.Context) ([]Target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all), nil
}

// Tell adds what is held to a check-in.
func (s *Store) Tell(_ context.Context, m *centralv1.CheckInRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.TargetsState = s.state
	return nil
}

// Take replaces the list by the one of a check-in, if it brings one.
func (s *Store) Take(ctx context.Context, m *centralv1.CheckInResponse) (changed bool, err error) {
	if len(m.GetTargetsState()) == 0 || m.GetWindowsTargets() == nil || m.GetLinuxTargets() == nil || m.GetWorkstationTargets() == nil {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Equal(s.state, m.GetTargetsState()) {
		return false, nil
	}
	all, domains, err := targets(m)
	if err != nil {
		return false, fmt.Errorf("taking targets: %w", err)
	}
	known := m.GetDomainTargets()
	if known == nil {
		known = &centralv1.TargetList{} // of a Central that has none
	}
	body, err := proto.Marshal(&centralv1.CheckInResponse{
		WindowsTargets: m.GetWindowsTargets(), LinuxTargets: m.GetLinuxTargets(), WorkstationTargets: m.GetWorkstationTargets(),
		DomainTargets: known,
	})
	if err != nil {
		return false, fmt.Errorf("writing targets: %w", err)
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO target_list (one, state, body) VALUES (1, ?, ?)
			ON CONFLICT DO UPDATE SET state = excluded.state, body = excluded.body`, m.GetTargetsState(), body)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keeping targets: %w", err)
	}
	s.state, s.all, s.domains = bytes.Clone(m.GetTargetsState()), all, domains
	return true, nil
}

// targets reads the lists; a target's kind is that of its list.
func targets(m *centralv1.CheckInResponse) ([]Target, []directory.Domain, error) {
	var all []Target
	var domains []directory.Domain
	for _, of := range []struct {
		kind Kind
		list *centralv1.TargetList
	}{{Windows, m.GetWindowsTargets()}, {Linux, m.GetLinuxTargets()}, {Workstation, m.GetWorkstationTargets()}} {
		for _, t := range of.list.GetTargets() {
			one, err := read(of.kind, t)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, one)
		}
	}
	for _, t := range m.GetDomainTargets().GetTargets() {
		one, err := readDomain(t)
		if err != nil {
			return nil, nil, err
		}
		domains = append(domains, one)
	}
	if len(all) > maxTargets || len(domains) > maxDomains {
		return nil, nil, fmt.Errorf("%w: it names %d hosts and %d domains", ErrList, len(all), len(domains))
	}
	ids := map[string]bool{}
	for id := range idsOf(all, domains) {
		if ids[id] {
			return nil, nil, fmt.Errorf("%w: %.64q is in it twice", ErrList, id)
		}
		ids[id] = true
	}
	return all, domains, nil
}

// idsOf goes through all ids.
func idsOf(all []Target, domains []directory.Domain) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range all {
			if !yield(all[i].ID) {
				return
			}
		}
		for i := range domains {
			if !yield(domains[i].ID) {
				return
			}
		}
	}
}

func read(kind Kind, t *centralv1.Target) (Target, error) {
	if t.GetTargetId() == "" || t.GetHost() == "" || t.GetCredential() == "" || t.GetPort() > 65535 ||
		len(t.GetPin()) != 0 && len(t.GetPin()) != 32 || len(t.GetHost())+len(t.GetTlsName()) > 600 {
		return Target{}, fmt.Errorf("%w: %.100q is no target", ErrList, t.GetName())
	}
	one := Target{
		ID: t.GetTargetId(), Name: t.GetName(), Kind: kind, Host: t.GetHost(), Port: int(t.GetPort()), TLSName: t.GetTlsName(),
		HTTP: t.GetHttp(), AllowBasic: t.GetAllowBasic(), AllowPlain: t.GetAllowPlain(), Credential: t.GetCredential(),
		ObjectGUID: t.GetObjectGuid(), Lab: t.GetLab(),
	}
	copy(one.Pin[:], t.GetPin())
	return one, nil
}
