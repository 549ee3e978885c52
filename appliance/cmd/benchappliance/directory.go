package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/appliance/internal/memory"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/credential"
)

// directorySeconds is the limit for a domain of 5,000 computers.
const directorySeconds = 10

// labDomain is what tools/bench says of the domain that it started.
type labDomain struct {
	Domain    string         `json:"domain"`
	DNS       netip.AddrPort `json:"dns"`
	User      string         `json:"user"`
	Password  string         `json:"password"`
	CA        string         `json:"ca"`
	Computers int            `json:"computers"` // accounts
	Listed    int            `json:"listed"`    // enabled Windows
}

// directoryLine is one measurement.
type directoryLine struct {
	Bench    string  `json:"bench"`
	Pass     string  `json:"directory"` // full or changes
	Accounts int     `json:"accounts"`
	Listed   int     `json:"listed"`
	Kept     int     `json:"kept"`
	Seconds  float64 `json:"seconds"` // until all is durable, with its evidence
	Target   float64 `json:"target_seconds"`
	CPU      float64 `json:"cpu_ms"`
	Peak     int64   `json:"resident_peak_bytes"`
	Met      bool    `json:"met"`
	Machine  machine `json:"machine"`
}

// directoryBench lists the domain on standard input twice, all and what changed,
// and keeps it as the program does.
func directoryBench(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("directory", flag.ContinueOnError)
	dir := flags.String("dir", os.TempDir(), "folder on the disk to measure")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b := &directoryBencher{}
	if err := json.NewDecoder(os.Stdin).Decode(&b.in); err != nil {
		return fmt.Errorf("reading which domain: %w", err)
	}
	memory.Tune() // as the program does
	base, err := os.MkdirTemp(*dir, "osiris-directory-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(base) //nolint:errcheck // a folder for temporary files
	st, err := store.Open(ctx, filepath.Join(base, "state.db"), outbox.Schema, directory.Schema)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // the figures are out
	if b.book, err = directory.NewBook(ctx, st); err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(b.in.CA)) {
		return errors.New("the domain has no authority")
	}
	b.directory = directory.New(directory.Deps{
		Book: b.book, Targets: b, Credentials: b, Drafts: outbox.Add, CAs: pool, Make: b.lister, Log: slog.New(slog.DiscardHandler),
	})
	where := thisMachine(base)
	return errors.Join(b.measure(ctx, "full", where), b.measure(ctx, "changes", where))
}

// directoryBencher is what the rest of the program would be.
type directoryBencher struct {
	in        labDomain
	book      *directory.Book
	directory *directory.Directory
}

// Domains, Open and lister are what the rest of the program would give; the name
// server is the lab's and not this computer's.
func (b *directoryBencher) Domains(context.Context) ([]directory.Domain, error) {
	return []directory.Domain{{ID: "t_bench", Name: "bench", Domain: b.in.Domain, Credential: "ldap"}}, nil
}

func (b *directoryBencher) Open(context.Context, string, string) (credential.Credential, uint64, error) {
	return credential.Credential{Kind: credential.LDAPBind, Method: "simple", User: b.in.User, Password: credential.NewSecret(b.in.Password)}, 1, nil
}

func (b *directoryBencher) lister(c discover.Config) (directory.Lister, error) {
	c.DNS = []netip.AddrPort{b.in.DNS}
	return discover.New(c)
}

func (b *directoryBencher) measure(ctx context.Context, pass string, where machine) error {
	began, used := time.Now(), cpuTime()
	if err := b.directory.Round(ctx); err != nil {
		return err
	}
	line := directoryLine{
		Bench: "sweep", Pass: pass, Accounts: b.in.Computers, Listed: b.in.Listed, Kept: len(b.book.Computers()), Seconds: time.Since(began).Seconds(),
		Target: directorySeconds, CPU: float64((cpuTime() - used).Microseconds()) / 1000, Peak: peakResident(), Machine: where,
	}
	line.Met = line.Seconds < directorySeconds && line.Kept == line.Listed
	return json.NewEncoder(os.Stdout).Encode(line)
}
