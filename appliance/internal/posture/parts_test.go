package posture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/posture/probe"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

func TestThePaceHasNoBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 20 * time.Millisecond
		p := newPace(every)
		var turns []time.Time
		began := time.Now()
		for range 4 {
			done := make(chan time.Time, 100)
			for range 100 {
				go func() {
					if err := p.wait(t.Context()); err != nil {
						t.Error(err)
					}
					done <- time.Now()
				}()
			}
			for range 100 {
				turns = append(turns, <-done)
			}
			time.Sleep(time.Minute) // a rest saves nothing up
		}
		slices.SortFunc(turns, time.Time.Compare)
		for n := 1; n < len(turns); n++ {
			if gap := turns[n].Sub(turns[n-1]); gap < every/2 {
				t.Fatalf("turn %d came %s after the one before; want %s at least", n, gap, every/2)
			}
		}
		if took := turns[99].Sub(began); took < 99*every*3/4 || took > 99*every*5/4 {
			t.Errorf("100 turns took %s; want about %s", took, 99*every)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("wait = %v; want its context's error", err)
		}
	})
}

// counter is a Dialer that notes when it was asked.
type counter struct{ at []time.Time }

func (c *counter) Dial(context.Context, netip.AddrPort) (net.Conn, error) {
	c.at = append(c.at, time.Now())
	return nil, probe.ErrRefused
}

func TestADeviceHasAPauseBetweenConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{}
		g := &gentle{Dialer: c, gap: 200 * time.Millisecond}
		for range 50 {
			if _, err := g.Dial(t.Context(), netip.AddrPort{}); !errors.Is(err, probe.ErrRefused) {
				t.Fatal(err)
			}
		}
		for n := 1; n < len(c.at); n++ {
			if gap := c.at[n].Sub(c.at[n-1]); gap < 100*time.Millisecond || gap > 300*time.Millisecond {
				t.Errorf("connection %d came %s after the one before; want 100ms to 300ms", n, gap)
			}
		}
	})
}

func TestASlotIsHeldUntilTheConnectionIsClosed(t *testing.T) {
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test's
	d := newDialer(1000, 1)
	to := netip.MustParseAddrPort(l.Addr().String())
	first, err := d.Dial(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() {
		_, err := d.Dial(ctx, to)
		waiting <- err
	}()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("a second connection at a time = %v; want it to wait", err)
	}
	for range 2 { // a second Close frees nothing twice
		_ = first.Close()
	}
	second, err := d.Dial(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	_ = second.Close()
	_ = l.Close()
	for range 3 { // a failure frees the slot too
		if _, err := d.Dial(t.Context(), to); !errors.Is(err, probe.ErrRefused) {
			t.Errorf("Dial of a closed port = %v; want ErrRefused", err)
		}
	}
	if n := d.made.Load(); n != 5 {
		t.Errorf("%d connections were made; want 5", n)
	}
}

func TestWhichAddressesAreAsked(t *testing.T) {
	for _, test := range []struct {
		name    string
		ranges  string
		exclude string
		own     string
		want    string
	}{
		{"a network without its ends", "10.0.0.8/29", "", "", "10.0.0.9 10.0.0.10 10.0.0.11 10.0.0.12 10.0.0.13 10.0.0.14"},
		{"one address", "10.0.0.8/32", "", "", "10.0.0.8"},
		{"two addresses", "10.0.0.8/31", "", "", "10.0.0.8 10.0.0.9"},
		{"twice the same", "10.0.0.8/30 10.0.0.9/32", "", "", "10.0.0.9 10.0.0.10"},
		{"without the excluded", "10.0.0.8/29", "10.0.0.9/32 10.0.0.12/30", "", "10.0.0.10 10.0.0.11"},
		{"all of it excluded", "10.0.0.8/29", "10.0.0.0/8", "", ""},
		{"without the appliance", "10.0.0.8/30", "", "10.0.0.9/24", "10.0.0.10"},
		{"half of the appliance's network", "10.0.0.252/30 10.0.0.128/25", "10.0.0.128/26 10.0.0.192/27 10.0.0.224/28 10.0.0.240/29 10.0.0.248/30", "10.0.0.1/24", "10.0.0.253 10.0.0.254"},
	} {
		c := Config{}
		for text := range strings.FieldsSeq(test.ranges) {
			c.Ranges = append(c.Ranges, netip.MustParsePrefix(text))
		}
		for text := range strings.FieldsSeq(test.exclude) {
			c.Exclude.Networks = append(c.Exclude.Networks, netip.MustParsePrefix(text))
		}
		var own []netip.Prefix
		if test.own != "" {
			own = append(own, netip.MustParsePrefix(test.own))
		}
		got := c.addresses(own)
		slices.SortFunc(got, netip.Addr.Compare)
		if text := strings.Trim(fmt.Sprint(got), "[]"); text != test.want {
			t.Errorf("%s = %s; want %s", test.name, text, test.want)
		}
	}
	c := Config{Ranges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}}
	if got := c.addresses(nil); slices.IsSortedFunc(got, netip.Addr.Compare) || len(got) != 254 {
		t.Errorf("%d addresses, sorted; want 254, shuffled", len(got))
	}
}

func TestTheFirstPortsAreThoseThatAnswerMost(t *testing.T) {
	for want, ports := range map[string][]uint16{"[445 443 80]": {80, 23, 443, 445}, "[22 9200]": {9200, 22}, "[1]": {1}} {
		if got := fmt.Sprint(Config{Ports: ports}.contact()); got != want {
			t.Errorf("contact of %v = %s; want %s", ports, got, want)
		}
	}
}

// neighbour is a message as the kernel of a Debian 12 machine sends it; the last
// attributes are NDA_CACHEINFO, cut short, and NDA_PROBES.
func neighbour(state byte, address, mac string) []byte {
	m := []byte{2, 0, 0, 0, 2, 0, 0, 0, state, 0, 0, 1}
	m = append(m, 8, 0, 1, 0)
	m = append(m, netip.MustParseAddr(address).AsSlice()...)
	if mac != "" {
		hw, _ := net.ParseMAC(mac)
		m = append(append(m, byte(4+len(hw)), 0, 2, 0), hw...)
		m = append(m, make([]byte, (4-len(hw)%4)%4)...)
	}
	return append(m, 8, 0, 3, 0, 1, 2, 3, 4, 8, 0, 4, 0, 0, 0, 0, 0)
}

func TestNeighboursAreThoseThatAnsweredLately(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Fatal("the messages of this test are little-endian")
	}
	const mac = "00:15:5d:01:02:03"
	for _, test := range []struct {
		name    string
		message []byte
		want    Neighbour
		ok      bool
	}{
		{"one that answered", neighbour(nudReachable, "10.0.0.5", mac), Neighbour{MAC: mac, Here: true}, true},
		{"one that somebody wrote down", neighbour(nudPermanent, "10.0.0.5", mac), Neighbour{MAC: mac, Here: true}, true},
		{"one that may have left", neighbour(nudStale, "10.0.0.5", mac), Neighbour{MAC: mac, Unsure: true}, true},
		{"one that is asked", neighbour(nudProbe, "10.0.0.5", mac), Neighbour{MAC: mac, Unsure: true}, true},
		{"one that is asked first", neighbour(nudIncomplete, "10.0.0.5", ""), Neighbour{Unsure: true}, true},
		{"one that did not answer", neighbour(0x20, "10.0.0.5", mac), Neighbour{}, false},
		{"one without a MAC", neighbour(nudReachable, "10.0.0.5", ""), Neighbour{}, false},
		{"one of zeros", neighbour(nudReachable, "10.0.0.5", "00:00:00:00:00:00"), Neighbour{}, false},
		{"one of InfiniBand", neighbour(nudReachable, "10.0.0.5", "80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01"), Neighbour{}, false},
		{"half of one", neighbour(nudReachable, "10.0.0.5", mac)[:22], Neighbour{}, false},
		{"nothing", nil, Neighbour{}, false},
	} {
		a, got, ok := parseNeighbour(test.message)
		if ok != test.ok || ok && (got != test.want || a != netip.MustParseAddr("10.0.0.5")) {
			t.Errorf("%s = %s, %+v, %v; want %+v, %v", test.name, a, got, ok, test.want, test.ok)
		}
	}
}

func FuzzNeighbour(f *testing.F) {
	f.Add(neighbour(nudReachable, "10.0.0.5", "00:15:5d:01:02:03"))
	f.Add(neighbour(nudIncomplete, "10.0.0.5", ""))
	f.Fuzz(func(t *testing.T, m []byte) {
		a, n, ok := parseNeighbour(m)
		if !ok {
			return
		}
		if again, err := ParseMAC(n.MAC); n.MAC != "" && (err != nil || again != n.MAC) || !a.Is4() || n.Here == n.Unsure && !n.Here {
			t.Errorf("parseNeighbour gives %s at %+v", a, n)
		}
	})
}

// asking is a kernel that needs some time to be sure.
type asking struct {
	Network
	turns []Neighbour
	asked int
}

func (a *asking) Neighbours() (map[netip.Addr]Neighbour, error) {
	n := a.turns[min(a.asked, len(a.turns)-1)]
	a.asked++
	return map[netip.Addr]Neighbour{netip.MustParseAddr("10.0.0.5"): n}, nil
}

func TestTheKernelIsWaitedForAndNotForEver(t *testing.T) {
	stale, here := Neighbour{MAC: "00:15:5d:01:02:03", Unsure: true}, Neighbour{MAC: "00:15:5d:01:02:03", Here: true}
	address := netip.MustParseAddr("10.0.0.5")
	for _, test := range []struct {
		name     string
		answered bool
		turns    []Neighbour
		here     bool
		took     time.Duration
	}{
		{"a device behind its firewall", false, []Neighbour{stale, stale, here}, true, 2 * time.Second},
		{"a device that left", false, []Neighbour{stale, stale, stale, {}}, false, 3 * time.Second},
		{"a kernel that cannot decide", false, []Neighbour{stale}, false, doubt + time.Second},
		{"a device that answered", true, []Neighbour{stale}, true, 0},
		{"nobody", false, []Neighbour{{}}, false, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &Scanner{Deps: Deps{Network: &asking{turns: test.turns}}}
			there := map[netip.Addr]bool{}
			if test.answered {
				there[address] = true
			}
			began := time.Now()
			macs, err := s.confirm(t.Context(), []netip.Addr{address}, there)
			if err != nil || there[address] != test.here || len(there) > 1 || (macs[address] != "") != test.here {
				t.Errorf("%s: confirm = %v, %v, %v; want %v", test.name, macs, there, err, test.here)
			}
			if took := time.Since(began); took != test.took {
				t.Errorf("%s: confirm took %s; want %s", test.name, took, test.took)
			}
		})
	}
}

func TestTheSystemIsRead(t *testing.T) {
	if _, err := (System{}).Neighbours(); err != nil {
		t.Error(err)
	}
	links, err := System{}.Links()
	if err != nil {
		t.Error(err)
	}
	for _, l := range links {
		if l.Addr().IsLoopback() || !l.Addr().Is4() {
			t.Errorf("the appliance's links have %s; want none of loopback or IPv6", l)
		}
	}
}

func TestAddressesOfOneMACAreOneDevice(t *testing.T) {
	addr := netip.MustParseAddr
	there, macs := map[netip.Addr]bool{}, map[netip.Addr]string{}
	for text, mac := range map[string]string{
		"10.0.0.2": "00:50:56:00:00:01", "10.0.0.3": "00:50:56:00:00:01", // a server with two addresses
		"10.0.0.4": "02:50:56:00:00:02", // a phone
		"10.1.0.1": "", "10.1.0.2": "",  // behind a router
		"10.2.0.1": "00:50:56:00:00:03", "10.2.0.2": "00:50:56:00:00:03", "10.2.0.3": "00:50:56:00:00:03", "10.2.0.4": "00:50:56:00:00:03", "10.2.0.5": "00:50:56:00:00:03", // a router answers for them
	} {
		there[addr(text)], macs[addr(text)] = true, mac
	}
	var got []string
	for _, d := range group(there, macs) {
		got = append(got, fmt.Sprintf("%s %q %v", d.Key, d.MAC, d.Addresses))
	}
	want := []string{
		`00:50:56:00:00:01 "00:50:56:00:00:01" [10.0.0.2 10.0.0.3]`,
		`10.0.0.4 "02:50:56:00:00:02" [10.0.0.4]`,
		`10.1.0.1 "" [10.1.0.1]`, `10.1.0.2 "" [10.1.0.2]`,
		`10.2.0.1 "" [10.2.0.1]`, `10.2.0.2 "" [10.2.0.2]`, `10.2.0.3 "" [10.2.0.3]`, `10.2.0.4 "" [10.2.0.4]`, `10.2.0.5 "" [10.2.0.5]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
}

func TestInventedMACsAreBounded(t *testing.T) {
	p := past{devices: map[string]Device{"10.0.0.9": {Key: "10.0.0.9"}}}
	for n := range maxMACs - 1 {
		mac := fmt.Sprintf("00:50:56:00:%02x:%02x", n>>8, n&255)
		p.devices[mac] = Device{Key: mac, MAC: mac}
	}
	device := func(mac, address string) Device {
		return Device{Key: mac, MAC: mac, Addresses: []netip.Addr{netip.MustParseAddr(address)}}
	}
	got := p.bound([]Device{
		device("00:50:56:aa:00:01", "10.0.0.1"), device("00:50:56:aa:00:02", "10.0.0.2"), device("00:50:56:00:00:03", "10.0.0.3"),
	})
	keys := []string{got[0].Key, got[1].Key, got[2].Key}
	if diff := cmp.Diff([]string{"00:50:56:aa:00:01", "10.0.0.2", "00:50:56:00:00:03"}, keys); diff != "" || len(got) != 3 {
		t.Errorf("bound (-want +got):\n%s", diff)
	}
}

func TestAPortThatWasOpenAndIsSilentIsNotClosed(t *testing.T) {
	m := &memory{open: map[netip.AddrPort]int{}}
	to := netip.MustParseAddrPort("10.0.0.5:23")
	see := func(err error) string {
		o := &sight{}
		o.take(to, probe.Finding{Service: check.Facts{{Name: "Protocol", Value: "telnet"}}}, err, m)
		o.take(netip.MustParseAddrPort("10.0.0.5:80"), probe.Finding{}, probe.ErrRefused, m)
		o.list()
		return check.Judge(check.NetworkRemoteAccess, o.facts(check.NetworkRemoteAccess), nil).Status.String()
	}
	steps := []struct {
		err  error
		want string
	}{
		{probe.ErrSilent, "pass"},
		{nil, "fail"},
		{probe.ErrSilent, "unknown"},
		{probe.ErrAway, "unknown"},
		{probe.ErrSilent, "pass"},
		{probe.ErrSilent, "pass"},
		{nil, "fail"},
		{probe.ErrSilent, "unknown"},
		{nil, "fail"},
		{probe.ErrSilent, "unknown"},
		{probe.ErrRefused, "pass"},
		{probe.ErrSilent, "pass"},
		{errors.New("too many open files"), "unknown"},
	}
	for n, step := range steps {
		if got := see(step.err); got != step.want {
			t.Errorf("step %d, %v = %s; want %s", n, step.err, got, step.want)
		}
	}
	silent := &sight{asked: 2}
	if v := check.Judge(check.NetworkTLS, silent.facts(check.NetworkTLS), nil); v.Status != check.Unknown {
		t.Errorf("a device that answers nothing = %s; want unknown", v.Status)
	}
}

func TestADeviceWithEverythingOpenFitsIntoAVerdict(t *testing.T) {
	o, m := &sight{}, &memory{open: map[netip.AddrPort]int{}}
	for n := range 300 {
		to := netip.AddrPortFrom(netip.MustParseAddr("192.168.100.100"), uint16(10000+n))
		found := probe.Finding{
			Service: check.Facts{{Name: "Unclear", Value: "tls"}}, TLS: check.Facts{{Name: "SSL3", Value: "yes"}},
			Certificate: check.Facts{{Name: "Subject", Value: strings.Repeat("x", 64)}},
		}
		o.take(to, found, nil, m)
		o.take(to, probe.Finding{}, errors.New("too many open files"), m)
	}
	o.list()
	for _, id := range serviceChecks {
		v := check.Judge(id, o.facts(id), nil)
		if len(v.Facts) > drift.MaxFacts || len(v.Reason) > drift.MaxText || len(v.Actual) > drift.MaxText {
			t.Errorf("%s has %d facts, a reason of %d bytes", id, len(v.Facts), len(v.Reason))
		}
		if v.Status == check.Pass {
			t.Errorf("%s passes", id)
		}
		for _, f := range v.Facts {
			if len(f.Value) > drift.MaxText {
				t.Errorf("%s: fact %s has %d bytes", id, f.Name, len(f.Value))
			}
		}
	}
}

func TestATargetIsNamedOnlyWhereItIsClear(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("10.0.0.6")
	d := &device{Device: Device{Addresses: []netip.Addr{a, b}}}
	for want, names := range map[string]map[netip.Addr]string{
		"target x": {a: "target x", b: "target x"},
		"target y": {b: "target y"},
		"":         {a: "target x", b: "target y"},
	} {
		if got := also(d, names); got != want {
			t.Errorf("also(%v) = %q; want %q", names, got, want)
		}
	}
}

func TestRowsAreInTheSameOrderEachTime(t *testing.T) {
	o, m := &sight{}, &memory{open: map[netip.AddrPort]int{}}
	for _, port := range []uint16{40003, 6379, 40001, 22} {
		f := probe.Finding{}
		if port < 40000 {
			f.Service = check.Facts{{Name: "Unclear", Value: "x"}}
		}
		o.take(netip.AddrPortFrom(netip.MustParseAddr("10.0.0.5"), port), f, nil, m)
	}
	o.list()
	want := []string{
		"Address=10.0.0.5;Port=22;Unclear=x", "Address=10.0.0.5;Port=6379;Unclear=x", "Address=10.0.0.5;Port=40001", "Address=10.0.0.5;Port=40003",
	}
	if diff := cmp.Diff(want, o.listens); diff != "" {
		t.Errorf("the rows (-want +got):\n%s", diff)
	}
}
