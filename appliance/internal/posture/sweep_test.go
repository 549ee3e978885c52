package posture_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/posture"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// errBlocked is what a kernel says whose table of neighbours is full.
var errBlocked = errors.New("no buffer space available")

func TestAnExcludedDeviceWithManyAddressesIsLeftAlone(t *testing.T) {
	s := newSite(t)
	var all []*service
	port := uint16(0)
	for n := 1; n <= 5; n++ {
		one := listen(t, fmt.Sprintf("127.9.1.%d", n), port, says("SSH-2.0-x\r\n"))
		port, all = one.port, append(all, one)
	}
	s.links = []netip.Prefix{netip.MustParsePrefix("127.9.1.30/24")}
	calls := 0
	s.learned = func() {
		if calls++; calls > 1 {
			for n := 1; n <= 5; n++ {
				s.neighbours[netip.MustParseAddr(fmt.Sprintf("127.9.1.%d", n))] = "00:09:fb:01:02:03"
			}
		}
	}
	cfg := config([]uint16{port}, "127.9.1.0/28")
	cfg.Exclude.MACs = []string{"00:09:fb:01:02:03"}
	sc := s.scanner(t, cfg)
	for range 3 {
		calls = 0
		s.mu.Lock()
		clear(s.neighbours)
		s.mu.Unlock()
		sweep(t, sc)
	}
	for n, one := range all {
		if got := one.count.Load(); got != 1 {
			t.Errorf("address %d of an excluded MAC got %d connections in 3 sweeps; want the one that told the MAC", n+1, got)
		}
	}
	if got := sc.Round().Counts["excluded"]; got != 5 {
		t.Errorf("excluded = %d; want 5", got)
	}
}

func TestTheAddressOfAnExcludedDeviceThatLeftIsAskedAgain(t *testing.T) {
	s := newSite(t)
	pump := "00:09:fb:01:02:03"
	port := listen(t, "127.9.1.33", 0, says("SSH-2.0-x\r\n"))
	s.links = []netip.Prefix{netip.MustParsePrefix("127.9.1.62/27")}
	cfg := config([]uint16{port.port}, "127.9.1.33/32")
	cfg.Exclude.MACs = []string{pump}
	sc := s.scanner(t, cfg)
	s.learn("127.9.1.33", pump)
	sweep(t, sc)
	s.forget("127.9.1.33")
	age := func(days int) {
		execute(t, s, "UPDATE posture_device SET last_ms = ?", time.Now().AddDate(0, 0, -days).UnixMilli())
	}
	age(6)
	if sweep(t, sc); port.count.Load() != 1 {
		t.Errorf("within a week the address got %d connections; want 1", port.count.Load())
	}
	// As long as the kernel shows it, the week begins anew.
	s.neighbours[netip.MustParseAddr("127.9.1.33")] = pump
	sweep(t, sc)
	s.forget("127.9.1.33")
	all, err := posture.Devices(t.Context(), s.store)
	if err != nil || len(all) != 1 || time.Since(all[0].Last) > time.Hour {
		t.Errorf("the devices = %+v, %v; want one that was seen now", all, err)
	}
	age(8)
	sweep(t, sc)
	if status, _ := s.status("127.9.1.33", check.NetworkRemoteAccess); status != check.Pass {
		t.Errorf("whoever has the address now = %s; want it looked at", status)
	}
}

func execute(t *testing.T, s *site, query string, args ...any) {
	t.Helper()
	err := s.store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryDeviceHasItsTurn(t *testing.T) {
	s := newSite(t)
	cfg := config([]uint16{1, 2}, "127.9.2.0/28")
	cfg.Concurrent, cfg.Gap, cfg.Interval = 1, 300*time.Millisecond, 2*time.Second
	sc := s.scanner(t, cfg)
	never := func() (n int) {
		for i := 1; i <= 14; i++ {
			if status, _ := s.status(fmt.Sprintf("127.9.2.%d", i), check.NetworkRemoteAccess); status == 0 {
				n++
			}
		}
		return n
	}
	for range 30 { // two seconds each, and five for all
		if sweep(t, sc); never() == 0 {
			break
		}
	}
	if n := never(); n > 0 {
		t.Errorf("%d of 14 devices were never looked at", n)
	}
	for _, e := range s.events {
		if n := len(e.Verdicts()); e.Kind == drift.KindState && n != 6 {
			t.Errorf("a state has %d verdicts; want all six, or intake forgets the others", n)
		}
		for _, v := range e.Verdicts() {
			if v.Check == check.NetworkRemoteAccess && v.Status == check.Unknown && len(v.Facts) > 0 {
				t.Errorf("a device that the sweep had no time for was judged: %q", v.Reason)
			}
		}
	}
	s.mu.Lock()
	s.neighbours[netip.MustParseAddr("127.9.2.1")] = "00:50:56:00:00:77"
	s.mu.Unlock()
	sweep(t, sc)
	if status, reason := s.status("127.9.2.1", check.NetworkDevices); status != check.Fail {
		t.Errorf("a device that came later = %s, %q; want it new, looked at or not", status, reason)
	}
}

func TestANetworkThatNobodySawHasNoBaseline(t *testing.T) {
	s := newSite(t)
	odd := netip.MustParseAddr("255.255.255.255") // the kernel refuses to connect to it
	sc := s.scanner(t, config([]uint16{1}, "127.9.3.5/32", "255.255.255.255/32"))
	if err := sc.Sweep(t.Context()); err == nil {
		t.Error("a sweep that could not ask an address = nil; want an error")
	}
	if n := sc.Round().Counts["unasked"]; n != 1 {
		t.Errorf("unasked = %d; want 1", n)
	}
	s.neighbours[odd] = "00:50:56:00:00:05"
	_ = sc.Sweep(t.Context()) // still an error
	if status, reason := s.status("255.255.255.255", check.NetworkDevices); status != check.Pass {
		t.Errorf("a device of a network that is seen first = %s, %q; want a pass", status, reason)
	}
}

func TestARestartMakesNoSilenceAPass(t *testing.T) {
	s := newSite(t)
	service := listen(t, "127.9.4.5", 0, says("\xff\xfd\x18"))
	cfg := config([]uint16{service.port, 1}, "127.9.4.5/32")
	sweep(t, s.scanner(t, cfg))
	service.stop()
	hush(t, "127.9.4.5", service.port)
	for n := 1; n <= 3; n++ {
		want := check.Unknown
		if n == 3 {
			want = check.Pass
		}
		sweep(t, s.scanner(t, cfg)) // a new one each time
		if status, reason := s.status("127.9.4.5", check.NetworkRemoteAccess); status != want {
			t.Errorf("sweep %d of a port that was open and is silent = %s, %q; want %s", n, status, reason, want)
		}
	}
}

func TestSweepsThatSeeNothingMakeDevicesUnknown(t *testing.T) {
	s := newSite(t)
	sc := s.scanner(t, config([]uint16{1}, "127.9.5.5/32"))
	sweep(t, sc)
	s.broken = errBlocked
	for range 3 {
		if err := sc.Sweep(t.Context()); !errors.Is(err, errBlocked) {
			t.Errorf("a sweep without a network = %v", err)
		}
	}
	last := s.events[len(s.events)-1]
	if last.Verdict == nil || last.Verdict.Status != check.Unknown {
		t.Errorf("after three sweeps that saw nothing the device = %+v; want unknown", last)
	}
	if sc.Round().Counts != nil {
		t.Errorf("counts = %v; want none: they are of an older sweep", sc.Round().Counts)
	}
}

// hush makes a port silent: somebody listens, whose queue is full.
func hush(t *testing.T, address string, port uint16) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	err = errors.Join(
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1),
		syscall.Bind(fd, &syscall.SockaddrInet4{Port: int(port), Addr: netip.MustParseAddr(address).As4()}),
		syscall.Listen(fd, 0),
	)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		d := net.Dialer{Timeout: 300 * time.Millisecond}
		c, err := d.DialContext(t.Context(), "tcp", netip.AddrPortFrom(netip.MustParseAddr(address), port).String())
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}

func TestADeviceThatNobodyNamedIsForgottenInTime(t *testing.T) {
	s := newSite(t)
	sc := s.scanner(t, config([]uint16{1}, "127.9.6.5/32"))
	sweep(t, sc)
	old := time.Now().AddDate(0, 0, -31).UnixMilli()
	for mac, known := range map[string]int{"00:50:56:00:00:01": 0, "00:50:56:00:00:02": 1} {
		execute(t, s, "INSERT INTO posture_device (key, mac, address, vendor, known, first_ms, last_ms) VALUES (?,?,'127.9.6.9','',?,?,?)", mac, mac, known, old, old)
	}
	sweep(t, sc)
	all, err := posture.Devices(t.Context(), s.store)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, d := range all {
		keys = append(keys, d.Key)
	}
	if diff := cmp.Diff([]string{"00:50:56:00:00:02", "127.9.6.5"}, keys); diff != "" {
		t.Errorf("the devices (-want +got):\n%s", diff)
	}
}

func TestANameOfAnAddressIsItsDevices(t *testing.T) {
	s := newSite(t)
	a := netip.MustParseAddr("127.9.7.5")
	sc := s.scanner(t, config([]uint16{1}, "127.9.7.5/32"))
	known := func() bool {
		sweep(t, sc)
		all, err := posture.Devices(t.Context(), s.store)
		if err != nil || len(all) != 1 {
			t.Fatalf("Devices = %+v, %v; want one", all, err)
		}
		return all[0].Known
	}
	for _, step := range []struct {
		mac  string
		want bool
	}{{"02:50:56:00:00:01", true}, {"02:50:56:00:00:01", true}, {"02:50:56:00:00:02", false}, {"02:50:56:00:00:02", false}} {
		s.neighbours[a] = step.mac
		if got := known(); got != step.want {
			t.Errorf("the device with %s is known = %v; want %v", step.mac, got, step.want)
		}
	}
}

func TestADeviceThatLeftWhileTheApplianceWasOffIsUnknown(t *testing.T) {
	s := newSite(t)
	a := netip.MustParseAddr("127.9.8.5")
	s.neighbours[a] = "00:50:56:00:00:05"
	cfg := config([]uint16{1}, "127.9.8.5/32")
	sweep(t, s.scanner(t, cfg))
	execute(t, s, "UPDATE posture_device SET last_ms = ?", time.Now().AddDate(0, 0, -8).UnixMilli())
	s.neighbours[a] = "00:50:56:00:00:06" // somebody else has the address now
	sc := s.scanner(t, cfg)
	for range 4 {
		sweep(t, sc)
	}
	v := s.verdicts["device 127.9.8.5 (00:50:56:00:00:05)"][check.NetworkRemoteAccess]
	if v.Status != check.Unknown || sc.Round().Counts["away"] != 0 {
		t.Errorf("a device that left 8 days ago = %s, %d are away; want unknown, and none", v.Status, sc.Round().Counts["away"])
	}
}
