package posture_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
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
	links      []netip.Prefix
	learned    func()
	broken     error
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

func (s *site) Neighbours() (map[netip.Addr]posture.Neighbour, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.learned != nil {
		s.learned()
	}
	if s.broken != nil {
		return nil, s.broken
	}
	out := map[netip.Addr]posture.Neighbour{}
	for a, mac := range s.neighbours {
		out[a] = posture.Neighbour{MAC: mac, Here: true}
	}
	return out, nil
}

// status is the verdict on a check of the device that an address has, and its
// reason: the newest that was executed.
func (s *site) status(address string, id check.ID) (check.Status, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest drift.Verdict
	for name, by := range s.verdicts {
		v, ok := by[id]
		own := name == "device "+address || strings.HasPrefix(name, "device "+address+" ")
		if ok && own && len(v.Facts) > 0 && v.ObservedAt.After(newest.ObservedAt) {
			newest = v
		}
	}
	return newest.Status, newest.Reason
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
		if e.Source != drift.SourceNetwork || !e.Asserted {
			t.Errorf("event of source %s, asserted %v; want network and asserted: a device proves nothing", e.Source, e.Asserted)
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

func TestAnExcludedAddressNeverGetsAPacket(t *testing.T) {
	s := newSite(t)
	pump := listen(t, "127.8.1.5", 0, says("SSH-2.0-x\r\n"))
	scanner := listen(t, "127.8.1.17", pump.port, says("SSH-2.0-x\r\n"))
	other := listen(t, "127.8.1.6", pump.port, says("SSH-2.0-x\r\n"))
	cfg := config([]uint16{pump.port}, "127.8.1.0/24", "127.8.1.4/30")
	cfg.Exclude.Networks = []netip.Prefix{netip.MustParsePrefix("127.8.1.5/32"), netip.MustParsePrefix("127.8.1.16/28")}
	sc := s.scanner(t, cfg)
	for range 3 {
		sweep(t, sc)
	}
	if pump.count.Load()+scanner.count.Load() > 0 {
		t.Errorf("excluded devices got %d and %d connections; want none", pump.count.Load(), scanner.count.Load())
	}
	if other.count.Load() != 6 { // one to find it, one to look at it
		t.Errorf("the device beside them got %d connections in 3 sweeps; want 6", other.count.Load())
	}
	if status, _ := s.status("127.8.1.5", check.NetworkDevices); status != 0 {
		t.Errorf("an excluded device has a verdict: %s", status)
	}
}

func TestADeviceExcludedByItsMakerIsLeftAlone(t *testing.T) {
	s := newSite(t)
	monitor, switched := "00:09:fb:01:02:03", "00:50:56:01:02:03"
	pump := listen(t, "127.8.2.5", 0, says("SSH-2.0-x\r\n"))
	known := listen(t, "127.8.2.6", pump.port, says("SSH-2.0-x\r\n"))
	s.links = []netip.Prefix{netip.MustParsePrefix("127.8.2.1/24")}
	s.neighbours[netip.MustParseAddr("127.8.2.6")] = "00:09:fb:99:99:99"
	cfg := config([]uint16{pump.port}, "127.8.2.4/30")
	cfg.Exclude.Vendors = []string{"philips patient"}
	sc := s.scanner(t, cfg)
	s.neighbours[netip.MustParseAddr("127.8.2.5")] = monitor
	sweep(t, sc)
	if pump.count.Load() > 0 || known.count.Load() > 0 {
		t.Errorf("devices whose MAC was known got %d and %d connections; want none", pump.count.Load(), known.count.Load())
	}
	// Nothing is known of it: the first connection tells the MAC, and the last.
	late := newSite(t)
	late.links = s.links
	sc = late.scanner(t, cfg)
	late.learn("127.8.2.5", monitor)
	for range 3 {
		sweep(t, sc)
		late.forget("127.8.2.5")
	}
	if n := pump.count.Load(); n != 1 {
		t.Errorf("a device whose MAC was not known got %d connections in 3 sweeps; want 1", n)
	}
	late.mu.Lock()
	late.neighbours[netip.MustParseAddr("127.8.2.5")] = switched
	late.mu.Unlock()
	sweep(t, sc)
	if status, _ := late.status("127.8.2.5", check.NetworkDevices); status != check.Fail {
		t.Errorf("another device that has the address now = %s; want it looked at, and new", status)
	}
}

// learn makes the kernel know a MAC once something was sent: when it is asked for
// the second time in a sweep.
func (s *site) learn(address, mac string) {
	calls := 0
	s.learned = func() {
		if calls++; calls > 1 {
			s.neighbours[netip.MustParseAddr(address)] = mac
		}
	}
}

func (s *site) forget(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learned = nil
	delete(s.neighbours, netip.MustParseAddr(address))
}

func TestANewDeviceIsAPersonsToName(t *testing.T) {
	s := newSite(t)
	one, two, phone := netip.MustParseAddr("127.8.3.5"), netip.MustParseAddr("127.8.3.6"), netip.MustParseAddr("127.8.3.7")
	s.neighbours[one] = "00:50:56:00:00:05"
	sc := s.scanner(t, config([]uint16{1}, "127.8.3.5/32"))
	sweep(t, sc)
	if status, reason := s.status("127.8.3.5", check.NetworkDevices); status != check.Pass {
		t.Errorf("a device of the first sweep = %s, %q; want a pass", status, reason)
	}
	// Another range is another first sweep; what comes to a known one later is new.
	s.neighbours[two], s.neighbours[phone] = "00:50:56:00:00:06", "0a:50:56:00:00:07"
	cfg := config([]uint16{1}, "127.8.3.5/32", "127.8.3.6/32")
	sc = s.scanner(t, cfg)
	sweep(t, sc)
	if status, _ := s.status("127.8.3.6", check.NetworkDevices); status != check.Pass {
		t.Errorf("a device of a new range = %s; want a pass", status)
	}
	s.neighbours[one] = "00:50:56:00:00:99"
	sweep(t, sc)
	status, reason := s.status("127.8.3.5", check.NetworkDevices)
	if want := "A device that nobody has named was seen first: MAC 00:50:56:00:00:99, at 127.8.3.5."; status != check.Fail || reason != want {
		t.Errorf("a new device = %s, %q; want %q", status, reason, want)
	}
	if n, err := posture.Know(t.Context(), s.store, "00-50-56-00-00-99"); n != 1 || err != nil {
		t.Errorf("Know = %d, %v; want 1", n, err)
	}
	if n, err := posture.Know(t.Context(), s.store, "all"); n != 0 || err != nil {
		t.Errorf("Know all = %d, %v; want 0: one was named, and the others were there first", n, err)
	}
	if _, err := posture.Know(t.Context(), s.store, "everything"); err == nil {
		t.Error("Know everything = nil; want an error")
	}
	sweep(t, sc)
	if status, _ := s.status("127.8.3.5", check.NetworkDevices); status != check.Pass {
		t.Errorf("a device that somebody named = %s; want a pass", status)
	}
	s.neighbours[one] = "0a:50:56:00:00:07"
	sweep(t, sc)
	if status, reason := s.status("127.8.3.5", check.NetworkDevices); status != check.Pass || reason == "" {
		t.Errorf("a phone = %s, %q; want a pass: nobody can tell", status, reason)
	}
	all, err := posture.Devices(t.Context(), s.store)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, d := range all {
		keys = append(keys, d.Key)
	}
	// The phone's key is its address: it makes up another MAC tomorrow.
	if diff := cmp.Diff([]string{"00:50:56:00:00:05", "00:50:56:00:00:06", "00:50:56:00:00:99", "127.8.3.5"}, keys); diff != "" {
		t.Errorf("the devices (-want +got):\n%s", diff)
	}
}

func TestADeviceThatIsAwayIsUnknownAfterAWhile(t *testing.T) {
	s := newSite(t)
	a := netip.MustParseAddr("127.8.4.5")
	s.neighbours[a] = "00:50:56:00:00:05"
	telnet := listen(t, "127.8.4.5", 0, says("\xff\xfd\x18"))
	sc := s.scanner(t, config([]uint16{telnet.port}, "127.8.4.5/32"))
	sweep(t, sc)
	// The same device is gone: on loopback an address never is, so another has it.
	s.neighbours[a] = "00:50:56:00:00:06"
	telnet.stop()
	events := func() (n int) {
		for _, e := range s.events {
			for _, v := range e.Verdicts() {
				if v.Check == check.NetworkRemoteAccess && v.Status == check.Unknown {
					n++
				}
			}
		}
		return n
	}
	for n := 1; n <= 2; n++ {
		if sweep(t, sc); events() != 0 {
			t.Errorf("after %d sweeps without it the device is unknown; want its verdict to stand", n)
		}
	}
	for range 3 {
		sweep(t, sc)
	}
	if events() != 1 {
		t.Errorf("the device that is away was told of %d times; want once", events())
	}
	if n := sc.Round().Counts["away"]; n != 1 {
		t.Errorf("%d devices are away; want 1", n)
	}
}

func TestASecondSweepSaysWhatChanged(t *testing.T) {
	s := newSite(t)
	s.names = map[netip.Addr]string{netip.MustParseAddr("127.8.5.5"): "target srv01"}
	telnet := listen(t, "127.8.5.5", 0, says("\xff\xfd\x18"))
	cfg := config([]uint16{telnet.port, 1}, "127.8.5.5/32")
	sc := s.scanner(t, cfg)
	for range 2 {
		sweep(t, sc)
	}
	if len(s.events) != 2 || s.events[0].Kind != drift.KindState || s.events[0].State.Cause != "first" || s.events[1].State.Cause != "heartbeat" {
		t.Errorf("two sweeps gave %d events; want the state twice", len(s.events))
	}
	if len(s.bundles) != 1 {
		t.Errorf("two sweeps gave %d summaries; want one: nothing changed", len(s.bundles))
	}
	telnet.stop()
	sweep(t, sc)
	if last := s.events[len(s.events)-1]; len(s.events) != 3 || last.Kind != drift.KindVerdict || last.Verdict.Check != check.NetworkRemoteAccess || last.Verdict.Status != check.Pass {
		t.Errorf("the third sweep gave %d events, the last %+v; want the one change", len(s.events)-2, last)
	}
	if len(s.bundles) != 2 {
		t.Errorf("a change gave %d summaries in all; want two", len(s.bundles))
	}
	hint, _ := s.verdicts["device 127.8.5.5"][check.NetworkDevices].Facts.Get(check.FactDeviceAlso)
	if hint != "target srv01" {
		t.Errorf("the hint = %q; want the target's name", hint)
	}
	for _, h := range s.List() {
		if h.Source != host.SourceTarget || h.AgentID != "" || h.Hostname != "device 127.8.5.5" {
			t.Errorf("the record = %+v; want one of its own", h)
		}
	}
}

func TestADeviceThatIsTooSlowIsUnknown(t *testing.T) {
	s := newSite(t)
	cfg := config([]uint16{1, 2, 3}, "127.8.6.5/32")
	cfg.Gap, cfg.DeviceDeadline = time.Hour, 100*time.Millisecond
	sc := s.scanner(t, cfg)
	sweep(t, sc)
	status, reason := s.status("127.8.6.5", check.NetworkRemoteAccess)
	if want := "Not everything was learned: 1 of 3 ports were asked in 100ms."; status != check.Unknown || reason != want {
		t.Errorf("a device of which a third is known = %s, %q; want unknown, %q", status, reason, want)
	}
}

func TestWithoutRangesNothingHappens(t *testing.T) {
	s := newSite(t)
	for _, cfg := range []posture.Config{{}, {Ranges: []netip.Prefix{netip.MustParsePrefix("127.8.7.5/32")}}} {
		sc, err := posture.New(cfg, posture.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		if err := sc.Run(t.Context()); err != nil {
			t.Error(err)
		}
		if r := sc.Round(); !r.Since.IsZero() {
			t.Errorf("the loop runs since %s; want it not to", r.Since)
		}
	}
	bad := config([]uint16{1}, "fd00::/64")
	if _, err := posture.New(bad, posture.Deps{Log: slog.New(slog.DiscardHandler), Store: s.store}); err == nil {
		t.Error("New with IPv6 = nil; want an error")
	}
	bad = config(nil, "127.8.7.5/32")
	if _, err := posture.New(bad, posture.Deps{Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("New without ports = nil; want an error")
	}
}

func TestTheLoopSweeps(t *testing.T) {
	s := newSite(t)
	cfg := config([]uint16{1}, "127.8.8.5/32")
	cfg.Interval = 20 * time.Millisecond // its first round is within a twentieth
	ctx, cancel := context.WithCancel(t.Context())
	sc := s.scanner(t, cfg)
	done := make(chan error)
	go func() { done <- sc.Run(ctx) }()
	for sc.Round().Counts["devices"] != 1 {
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
