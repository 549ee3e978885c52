// Package machine is one Windows host of the lab as the network sees it: the
// WinRM service of package wsman behind an HTTP and an HTTPS listener, with
// accounts, a domain and a certificate. It can hang, restart, and show a
// certificate that is not its own; wsman's Trouble does the rest.
//
// Listeners are on Config.Address and free ports unless told otherwise; they
// keep their ports over a restart. New listens at once; Close gives all back.
package machine

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/ntlm"
	"github.com/osiriscare/osiris/tools/winlab/wsman"
)

// NoListener as a port means that there is none.
const NoListener = -1

// Config is one host.
type Config struct {
	// Name is the NetBIOS name, Domain and DNSDomain those of its domain; a host
	// of a workgroup has no DNSDomain.
	Name      string
	Domain    string
	DNSDomain string
	Accounts  []Account
	// Keytab is for Kerberos, nil offers none; NoNTLM offers no NTLM.
	Keytab *keytab.Keytab
	NoNTLM bool
	// RequireMIC and Binding are how strict the logon is.
	RequireMIC bool
	Binding    ntlm.Binding
	Basic      bool
	// Certificate maps a client's certificate to an account, see wsman.
	Certificate func(leaf []byte) (user string, ok bool)

	Host             wsman.Host
	AllowUnencrypted bool
	EmptyPost        int
	Split            int
	Limits           wsman.Limits

	// Address is an IP address, 127.0.0.1 if empty. The ports are 0 for a free
	// one, NoListener for none.
	Address   string
	HTTPPort  int
	HTTPSPort int
	// CA signs the host's certificate; without it there is no HTTPS.
	CA  *labca.CA
	Log *slog.Logger
}

// Machine is one running host.
type Machine struct {
	cfg     Config
	service *wsman.Server
	gate    *gate

	mu       sync.Mutex
	http     string
	https    string
	cert     tls.Certificate
	servers  []*http.Server
	open     []net.Listener
	stop     context.CancelFunc
	stopping context.Context //nolint:containedctx // the life of the machine
	group    sync.WaitGroup
}

// New starts a host.
func New(cfg Config) (*Machine, error) {
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Machine{cfg: cfg, gate: newGate()}
	service := wsman.Config{
		Computer: cfg.Name, Host: cfg.Host, Security: m.security, AllowUnencrypted: cfg.AllowUnencrypted,
		Certificate: cfg.Certificate, EmptyPost: cfg.EmptyPost, Split: cfg.Split, Limits: cfg.Limits, Log: cfg.Log,
	}
	if cfg.Basic {
		service.Basic = m.basic
	}
	var err error
	if m.service, err = wsman.New(service); err != nil {
		return nil, err
	}
	m.stopping, m.stop = context.WithCancel(context.Background())
	m.http, m.https = m.address(cfg.HTTPPort), m.address(cfg.HTTPSPort)
	if cfg.CA == nil {
		m.https = ""
	} else if m.cert, err = cfg.CA.Host(m.names()...); err != nil {
		m.Close()
		return nil, err
	}
	if err := m.listen(context.Background()); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Machine) address(port int) string {
	if port == NoListener {
		return ""
	}
	return net.JoinHostPort(m.cfg.Address, strconv.Itoa(port))
}

func (m *Machine) names() []string {
	names := []string{m.fqdn(), m.cfg.Address}
	if m.cfg.DNSDomain != "" {
		names = append(names, m.cfg.Name)
	}
	return names
}

func (m *Machine) fqdn() string {
	if m.cfg.DNSDomain == "" {
		return strings.ToLower(m.cfg.Name)
	}
	return strings.ToLower(m.cfg.Name) + "." + m.cfg.DNSDomain
}

// Service is the WinRM service, for its counts and its Trouble.
func (m *Machine) Service() *wsman.Server { return m.service }

// HTTP is the address of the plain listener, "" if there is none.
func (m *Machine) HTTP() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.http
}

// HTTPS is the address of the TLS listener, "" if there is none.
func (m *Machine) HTTPS() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.https
}

// Hang makes the machine accept connections and never answer, or wakes it.
func (m *Machine) Hang(on bool) { m.gate.set(on) }

// Reboot loses all shells and refuses connections for that long. It comes back
// in its own time; the error is that of going down.
func (m *Machine) Reboot(away time.Duration) error {
	if err := m.down(); err != nil {
		return err
	}
	m.spawn(func() {
		if !m.sleep(away) {
			return
		}
		if err := m.listen(m.stopping); err != nil && m.stopping.Err() == nil {
			m.cfg.Log.Error("coming back", "error", err)
		}
	})
	return nil
}

// RebootAfter reboots later, as shutdown.exe does, so that who asked for it
// gets an answer.
func (m *Machine) RebootAfter(wait, away time.Duration) {
	m.spawn(func() {
		if !m.sleep(wait) {
			return
		}
		if err := m.Reboot(away); err != nil {
			m.cfg.Log.Error("going down", "error", err)
		}
	})
}

// spawn runs what the machine waits for when it is closed; a closed machine
// begins nothing.
func (m *Machine) spawn(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopping.Err() == nil {
		m.group.Go(f)
	}
}

// sleep says false when the machine is closed meanwhile.
func (m *Machine) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-m.stopping.Done():
		return false
	}
}

// Present shows another certificate from now on, perhaps one of another host.
func (m *Machine) Present(cert tls.Certificate) error {
	if err := m.down(); err != nil {
		return err
	}
	m.mu.Lock()
	m.cert = cert
	m.mu.Unlock()
	return m.listen(m.stopping)
}

// down closes listeners and connections, and forgets shells.
func (m *Machine) down() error {
	m.mu.Lock()
	servers, open := m.servers, m.open
	m.servers, m.open = nil, nil
	m.mu.Unlock()
	var err error
	for _, s := range servers {
		err = errors.Join(err, s.Close())
	}
	// A server that has not begun to serve does not know its listener yet.
	for _, l := range open {
		if gone := l.Close(); !errors.Is(gone, net.ErrClosed) {
			err = errors.Join(err, gone)
		}
	}
	m.service.Restart()
	return err
}

// Close ends the machine.
func (m *Machine) Close() {
	m.mu.Lock()
	m.stop()
	m.mu.Unlock()
	m.gate.set(false)
	_ = m.down()
	m.service.Close()
	m.group.Wait()
}
