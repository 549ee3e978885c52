package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/credential"
	"github.com/osiriscare/osiris/appliance/internal/directory"
	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/appliance/internal/enroll"
	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/outbox"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/scan"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/target"
	"github.com/osiriscare/osiris/appliance/internal/uplink"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// directoryInterval is how often domains are listed.
const directoryInterval = time.Hour

func newDirectory(b *directory.Book, t *target.Store, c *credential.Store, a authorities, log *slog.Logger) *directory.Directory {
	return directory.New(directory.Deps{Book: b, Targets: t, Credentials: c, Drafts: outbox.Add, CAs: a.pool, Log: log})
}

func newDirectoryLoop(d *directory.Directory, st *store.Store, o *outbox.Outbox, log *slog.Logger) *directoryLoop {
	l := scan.NewLoop("directory", directoryInterval, d.Round, log)
	p := scan.Prover{Store: st, Outbox: o}
	l.ProveTo(p, p)
	l.IdleIf(func() bool { return len(d.Book.Domains()) == 0 })
	return &directoryLoop{l, d.Book}
}

func newComputers(b *directory.Book, h *host.Registry, e *enroll.Enroll, t *target.Store) computers {
	return computers{book: b, hosts: h, enroll: e, targets: t}
}

func newDirectorySetting(c computers) uplink.Setting {
	return directorySetting{directory.NewReport(c.book, c.watched), c}
}

// directoryLoop is the hourly loop.
type directoryLoop struct {
	*scan.Loop
	book *directory.Book
}

// Round implements status.Loop.
func (l *directoryLoop) Round() scan.Round {
	r := l.Loop.Round()
	r.Counts = l.book.Counts()
	return r
}

// computers are the domains' computers beside what else is known of the site.
type computers struct {
	book    *directory.Book
	hosts   *host.Registry
	enroll  *enroll.Enroll
	targets *target.Store
}

// confirm tells whether a domain of the site has the computer that an agent says it
// is: its objectGUID, under the names that the agent gives. It does not ask hosts.
func (c computers) confirm(h *host.Host) bool {
	claim := directory.Claim{Hostname: h.Hostname, Domain: h.Domain, ObjectGUID: h.ADObjectGUID, MachineSID: h.MachineSID}
	return c.book.Match(claim, time.Now()) == directory.Matched
}

// agents are those that a person or a single-use token let in. One that states an
// objectGUID which is not its own watches no computer.
func (c computers) agents() (out []directory.Agent) {
	for _, h := range c.hosts.List() {
		if h.AgentID != "" && !c.enroll.Held(h.AgentID) && (h.ADObjectGUID == "" || c.confirm(&h)) {
			out = append(out, directory.Agent{Hostname: h.Hostname, Domain: h.Domain, ObjectGUID: h.ADObjectGUID, Live: h.Connected})
		}
	}
	return out
}

// explicit tells which computers explicit targets are.
func explicit(list []target.Target) func(c *directory.Computer) bool {
	known := map[string]bool{}
	for i := range list {
		t := &list[i]
		for _, name := range []string{t.ObjectGUID, t.Host, t.TLSName} {
			known[strings.ToLower(strings.TrimSuffix(name, "."))] = name != ""
		}
	}
	return func(c *directory.Computer) bool {
		return known[string(c.GUID)] || known[c.DNSName] || known[c.Short()]
	}
}

// watched says who watches a computer, as Central shows it.
func (c computers) watched(ctx context.Context) (func(*directory.Computer) string, error) {
	list, err := c.targets.List(ctx)
	if err != nil {
		return nil, err
	}
	scanned := map[discover.GUID]bool{}
	domains, err := c.targets.Domains(ctx)
	if err != nil {
		return nil, err
	}
	for i := range domains {
		if domains[i].ScanWith == "" {
			continue
		}
		all := c.book.Scannable(&domains[i])
		for n := range all {
			scanned[all[n].GUID] = true
		}
	}
	named, present := explicit(list), c.book.Presence(c.agents())
	return func(computer *directory.Computer) string {
		switch {
		case present(computer) != directory.Absent:
			return "agent"
		case named(computer):
			return "target"
		case scanned[computer.GUID]:
			return "scan"
		}
		return ""
	}, nil
}

// scanTargets are the computers of domains that are scanned with a credential
// because they are there. One that is a target of its own, or has a live agent, is
// not among them; one that two domains list is there once.
func (c computers) scanTargets(ctx context.Context) ([]script.Target, error) {
	domains, err := c.targets.Domains(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.targets.List(ctx)
	if err != nil {
		return nil, err
	}
	named, present := explicit(list), c.book.Presence(c.agents())
	var out []script.Target
	taken := map[discover.GUID]bool{}
	for i := range domains {
		if domains[i].ScanWith == "" {
			continue
		}
		all := c.book.Scannable(&domains[i])
		for n := range all {
			computer := &all[n]
			if taken[computer.GUID] || named(computer) || present(computer) == directory.Live {
				continue
			}
			taken[computer.GUID] = true
			out = append(out, scanTarget(computer, &domains[i]))
		}
	}
	return out, nil
}

// scanTarget is a computer as roads take it. Its id is its objectGUID's, so that
// the host stays the same whatever becomes of the domain's target. It is shown
// tickets only: anybody in the domain can add a computer to it.
func scanTarget(c *directory.Computer, d *directory.Domain) script.Target {
	t := script.Target{
		ID: "ad_" + string(c.GUID), Kind: script.Windows, Host: c.DNSName, Domain: d.Domain, ObjectGUID: string(c.GUID),
		HTTP: d.HTTP, Credential: d.ScanWith, TicketOnly: true,
	}
	if c.Kind == discover.Workstation {
		t.Kind = script.Workstation
	}
	return t
}

// directorySetting tells Central of domains and of agents that wait.
type directorySetting struct {
	*directory.Report
	computers computers
}

// Tell implements uplink.Setting.
func (s directorySetting) Tell(ctx context.Context, m *centralv1.CheckInRequest) error {
	said, err := s.computers.enroll.Confirmations(ctx)
	if err != nil {
		return err
	}
	for _, h := range m.GetHosts() {
		if h.GetHold() == enroll.HoldPending {
			h.Directory = string(said[h.GetAgentId()])
		}
	}
	return s.Report.Tell(ctx, m)
}
