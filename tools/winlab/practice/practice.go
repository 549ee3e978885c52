// Package practice is the Windows part of a practice: a domain controller,
// servers and workstations of packages machine and model, in one process, each
// on ports of its own. Some have faults, so that there is something to find: a
// setting that is wrong, another antivirus, group policy that holds a setting; and
// if Config.Lifelike says so, one is slow, one hangs and one restarts.
//
// Names, roles and faults depend on the number alone, so two runs are alike.
// An error of New has closed what was open.
package practice

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/model"
)

const (
	// DefaultHosts is what a newcomer is shown.
	DefaultHosts = 12
	// MaxHosts is below what the open files of a process commonly are.
	MaxHosts = 2000

	domain    = "NORTHVALLEY"
	dnsDomain = "northvalley.example"
	// user is the account by which the hosts are scanned.
	user = "osiris-scan"

	// A host that restarts does so soon and is back soon, for those who watch.
	restartAfter = 3 * time.Second
	restartTakes = 20 * time.Second
	// What a lifelike practice has: a slow host takes that long for every answer,
	// a restless one restarts that often.
	slowness     = 3 * time.Second
	restartEvery = 3 * time.Minute
)

// Config is a practice.
type Config struct {
	// Hosts is DefaultHosts if 0.
	Hosts int
	// Address is where all listen, 127.0.0.1 if empty.
	Address   string
	Catalogue *runbook.Catalogue
	// Password of the account; a random one if empty.
	Password string
	// Healthy has no faults.
	Healthy bool
	// Delay passes before every answer.
	Delay time.Duration
	// Hung is how many of the last hosts accept and never answer.
	Hung int
	// Workgroup hosts are in no domain, but for the controller.
	Workgroup bool
	// Lifelike lets some workstations be slow, hang, and restart by themselves.
	Lifelike bool
	// PlainPort lets the hosts listen without TLS too; messages are sealed there.
	PlainPort bool
	// Keytab is for Kerberos, nil for none.
	Keytab *keytab.Keytab
	// Certificate maps a client's certificate to an account, nil for none.
	Certificate func(leaf []byte) (user string, ok bool)
	Log         *slog.Logger
}

// Host is one of them.
type Host struct {
	Name string
	Role string
	// Fault is what is wrong with it, "" for nothing.
	Fault string
	// Check is the one that fails by it in a scan, "" if none does.
	Check check.ID
	Hung  bool
	// Lab hosts are nobody's: fixes may be tried on them.
	Lab     bool
	Model   *model.Host
	Machine *machine.Machine
}

// Practice is running hosts.
type Practice struct {
	cfg   Config
	ca    *labca.CA
	hosts []*Host
	life  sync.WaitGroup
	end   chan struct{}
}

// New starts the hosts.
func New(cfg Config) (*Practice, error) {
	if cfg.Hosts == 0 {
		cfg.Hosts = DefaultHosts
	}
	if cfg.Hosts < 1 || cfg.Hosts > MaxHosts || cfg.Hung < 0 || cfg.Hung > cfg.Hosts {
		return nil, fmt.Errorf("starting a practice: %d hosts, of which %d hang; there can be 1 to %d", cfg.Hosts, cfg.Hung, MaxHosts)
	}
	if cfg.Password == "" {
		var b [18]byte
		_, _ = rand.Read(b[:])
		cfg.Password = base64.RawURLEncoding.EncodeToString(b[:])
	}
	ca, err := labca.New("Northvalley lab")
	if err != nil {
		return nil, fmt.Errorf("starting a practice: %w", err)
	}
	p := &Practice{cfg: cfg, ca: ca, end: make(chan struct{})}
	for i := range cfg.Hosts {
		h, err := p.start(i)
		if err != nil {
			p.Close()
			return nil, fmt.Errorf("starting a practice: %w", err)
		}
		p.hosts = append(p.hosts, h)
	}
	return p, nil
}

func (p *Practice) start(i int) (*Host, error) {
	h, number := describe(i)
	delay, restless := p.cfg.Delay, false
	if f := h.trouble(number); p.cfg.Lifelike && f != nil {
		h.Hung, restless, delay = f.hangs, f.restarts, delay+f.delay
	}
	h.Hung = h.Hung || i >= p.cfg.Hosts-p.cfg.Hung
	var err error
	var running atomic.Pointer[machine.Machine]
	h.Model, err = model.New(model.Config{
		Name: h.Name, Role: h.Role, Domain: !p.cfg.Workgroup, Catalogue: p.cfg.Catalogue, Delay: delay,
		Restart: func() {
			if m := running.Load(); m != nil {
				m.RebootAfter(restartAfter, restartTakes)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	if !p.cfg.Healthy {
		if err := spoil(h, number); err != nil {
			return nil, err
		}
	}
	plain := machine.NoListener
	if p.cfg.PlainPort {
		plain = 0
	}
	h.Machine, err = machine.New(machine.Config{
		Name: h.Name, Domain: p.domain(domain), DNSDomain: p.domain(dnsDomain), Accounts: []machine.Account{{User: user, Password: p.cfg.Password}},
		Keytab: p.cfg.Keytab, Certificate: p.cfg.Certificate, Host: h.Model, Address: p.cfg.Address, HTTPPort: plain, CA: p.ca, Log: p.cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	running.Store(h.Machine)
	h.Machine.Hang(h.Hung)
	if restless {
		p.life.Go(func() { p.restart(h) })
	}
	return h, nil
}

// Hosts gives them in the order of their numbers.
func (p *Practice) Hosts() []*Host { return p.hosts }

// CA signed the certificates of the hosts.
func (p *Practice) CA() *labca.CA { return p.ca }

// domain is a name of the domain, or none.
func (p *Practice) domain(name string) string {
	if p.cfg.Workgroup {
		return ""
	}
	return name
}

// restart restarts a host again and again, until the practice ends.
func (p *Practice) restart(h *Host) {
	tick := time.NewTicker(restartEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-p.end:
			return
		}
		if err := h.Machine.Reboot(restartTakes); err != nil {
			p.cfg.Log.Error("restarting", "host", h.Name, "error", err)
		}
	}
}

// Close ends all hosts.
func (p *Practice) Close() {
	close(p.end)
	p.life.Wait()
	for _, h := range p.hosts {
		h.Machine.Close()
	}
}
