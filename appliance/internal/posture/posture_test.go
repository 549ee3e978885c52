package posture_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/posture"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// site is everything that a scanner works with, and remembers what it was told.
type site struct {
	*host.Registry
	store *store.Store

	mu         sync.Mutex
	neighbours map[netip.Addr]string
	verdicts   map[string]map[check.ID]drift.Verdict // by the host's name
	events     []drift.Event
	bundles    []*bundle.Bundle
	names      map[netip.Addr]string
}

func newSite(t *testing.T) *site {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), host.Schema, posture.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	hosts, err := host.New(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	return &site{Registry: hosts, store: st, neighbours: map[netip.Addr]string{}, verdicts: map[string]map[check.ID]drift.Verdict{}}
}

func (s *site) Observe(_ context.Context, h *host.Host, e *drift.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.verdicts[h.Hostname] == nil {
		s.verdicts[h.Hostname] = map[check.ID]drift.Verdict{}
	}
	for _, v := range e.Verdicts() {
		s.verdicts[h.Hostname][v.Check] = v
	}
	s.events = append(s.events, *e)
	return nil
}

func (s *site) Prove(_ context.Context, b *bundle.Bundle) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bundles = append(s.bundles, b)
	return nil
}

func (s *site) Parameters(check.ID) check.Parameters { return nil }
func (s *site) Links() ([]netip.Prefix, error)       { return nil, nil }
func (s *site) Vendor(mac string) string {
	return map[string]string{"00:09:fb": "Philips Patient Monitoring"}[mac[:min(8, len(mac))]]
}
func (s *site) Names(context.Context) (map[netip.Addr]string, error) { return s.names, nil }

func (s *site) Neighbours() (map[netip.Addr]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[netip.Addr]string{}
	for a, mac := range s.neighbours {
		out[a] = mac
	}
	return out, nil
}

// status is a device's verdict on a check, and its reason.
func (s *site) status(address string, id check.ID) (check.Status, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.verdicts["device "+address][id]
	return v.Status, v.Reason
}

func (s *site) scanner(t *testing.T, cfg posture.Config) *posture.Scanner {
	t.Helper()
	out, err := posture.New(cfg, posture.Deps{
		Store: s.store, Hosts: s, Intake: s, Policy: s, Evidence: s, Network: s, Names: s, Vendors: s, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sweep(t *testing.T, s *posture.Scanner) {
	t.Helper()
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// config looks at some addresses of loopback.
func config(ports []uint16, ranges ...string) posture.Config {
	c := posture.Config{
		Ports: ports, Interval: 10 * time.Minute, Rate: 1000, Concurrent: 16, DeviceDeadline: time.Minute,
	}
	for _, r := range ranges {
		c.Ranges = append(c.Ranges, netip.MustParsePrefix(r))
	}
	return c
}

// service listens at an address of loopback, on any port, and counts connections.
type service struct {
	port  uint16
	count atomic.Int64
	stop  func()
}

func listen(t *testing.T, address string, port uint16, serve func(net.Conn)) *service {
	t.Helper()
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "tcp", net.JoinHostPort(address, strconv.Itoa(int(port))))
	if err != nil {
		t.Fatal(err)
	}
	s := &service{port: netip.MustParseAddrPort(l.Addr().String()).Port()}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.count.Add(1)
			work.Go(func() {
				defer conn.Close() //nolint:errcheck // a test's
				serve(conn)
			})
		}
	})
	s.stop = sync.OnceFunc(func() {
		_ = l.Close()
		work.Wait()
	})
	t.Cleanup(s.stop)
	return s
}

// says gives a service that says something and waits for the other side to go.
func says(text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// silent accepts and says nothing.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// echoes answers each line by one text.
func echoes(text string) func(net.Conn) {
	return func(conn net.Conn) {
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		}
	}
}

func TestASweepTellsWhatAnswers(t *testing.T) {
	s := newSite(t)
	telnet := listen(t, "127.8.0.5", 0, says("\xff\xfd\x18\xff\xfd\x20"))
	ssh := listen(t, "127.8.0.6", 0, says("SSH-2.0-OpenSSH_9.2p1\r\n"))
	sc := s.scanner(t, config([]uint16{telnet.port, ssh.port}, "127.8.0.4/30"))
	sweep(t, sc)
	if status, reason := s.status("127.8.0.5", check.NetworkRemoteAccess); status != check.Fail || reason == "" {
		t.Errorf("Telnet = %s, %q; want a failure", status, reason)
	}
	for _, id := range []check.ID{check.NetworkRemoteAccess, check.NetworkDatabases, check.NetworkFileSharing, check.NetworkTLS, check.NetworkCertificates, check.NetworkDevices} {
		if status, reason := s.status("127.8.0.6", id); status != check.Pass {
			t.Errorf("%s of a device with SSH = %s, %q; want a pass", id, status, reason)
		}
	}
	for _, e := range s.events {
		if e.Source != drift.SourcePosture || !e.Asserted {
			t.Errorf("event of source %s, asserted %v; want posture and asserted: a device proves nothing", e.Source, e.Asserted)
		}
	}
	if len(s.bundles) != 1 {
		t.Fatalf("%d summaries; want one", len(s.bundles))
	}
	want := map[string]string{"ranges": "127.8.0.4/30", "addresses": "2", "devices": "2", "new": "0", "network_remote_access.fail": "1"}
	got := map[string]string{}
	for name := range want {
		got[name] = s.bundles[0].PostState[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the summary (-want +got):\n%s", diff)
	}
	telnet.stop()
	sweep(t, sc)
	if status, reason := s.status("127.8.0.5", check.NetworkRemoteAccess); status != check.Pass {
		t.Errorf("a device that refuses Telnet now = %s, %q; want a pass", status, reason)
	}
}

var _ = errors.Is
