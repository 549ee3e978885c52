//go:build integration

package posture_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/posture"
	"github.com/osiriscare/osiris/appliance/internal/posture/oui"
	"github.com/osiriscare/osiris/shared/check"
)

// These tests have a network of their own: a bridge, and devices on it in network
// namespaces, whose MACs the real kernel learns. They need root.

// inside tells the process that has namespaces of its own from the one that made
// them.
const inside = "OSIRIS_TEST_POSTURE_INSIDE"

// TestMain runs all tests in a network, a process and a mount namespace; all of it
// ends with the first process.
func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		os.Exit(m.Run())
	}
	if os.Getenv(inside) == "" {
		os.Exit(enter())
	}
	if err := settle(); err != nil {
		fmt.Fprintln(os.Stderr, "making namespaces:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func enter() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return 1
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "starting the tests in namespaces:", err)
		return 1
	}
	return 0
}

// settle makes the namespaces fit to work in, and a bridge that the appliance is on.
func settle() error {
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := syscall.Mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting /mnt: %w", err)
	}
	for _, line := range []string{
		"link set lo up",
		"link add lan type bridge",
		"link set lan address 00:50:56:00:00:01",
		"addr add 10.77.0.1/24 dev lan",
		"link set lan up",
	} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", line, err, out)
		}
	}
	return nil
}

// box is a device on the bridge.
type box struct {
	t       *testing.T
	address string
	port    string // its end in the appliance's namespace
	pid     int
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// plug puts a device on the bridge.
func plug(t *testing.T, address, mac string) *box {
	t.Helper()
	holder := exec.Command("sleep", "infinity")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	b := &box{t: t, address: address, port: "d" + strings.ReplaceAll(mac[9:], ":", ""), pid: holder.Process.Pid}
	t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	run(t, "ip", "link", "add", b.port, "type", "veth", "peer", "name", "eth0", "address", mac, "netns", strconv.Itoa(b.pid))
	run(t, "ip", "link", "set", b.port, "master", "lan", "up")
	b.do("ip", "link", "set", "lo", "up")
	b.do("ip", "addr", "add", address+"/24", "dev", "eth0")
	b.do("ip", "link", "set", "eth0", "up")
	return b
}

// do runs something in the device.
func (b *box) do(args ...string) string {
	b.t.Helper()
	return run(b.t, "nsenter", append([]string{"-t", strconv.Itoa(b.pid), "-n"}, args...)...)
}

// serve runs a server in the device until the test ends, and waits for its port.
func (b *box) serve(port int, args ...string) {
	b.t.Helper()
	var said strings.Builder
	cmd := exec.Command("nsenter", append([]string{"-t", strconv.Itoa(b.pid), "-n"}, args...)...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	b.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		b.t.Logf("%s ended: %v", args[0], <-ended)
	})
	listens := fmt.Sprintf(":%d ", port)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if strings.Contains(b.do("ss", "-ltnH"), listens) {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			b.t.Fatalf("%v ended: %v\n%s", args, err, said.String())
		default:
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%v does not listen\n%s", args, said.String())
		}
	}
}

// packets is how many IP packets came to the device, whoever sent them.
func (b *box) packets() string {
	b.t.Helper()
	for line := range strings.Lines(b.do("cat", "/proc/net/snmp")) {
		if f := strings.Fields(line); len(f) > 3 && f[0] == "Ip:" && f[3] != "InReceives" {
			return f[3]
		}
	}
	b.t.Fatal("the device does not count packets")
	return ""
}

// keyFile makes a certificate of a kind that no authority gives today.
func keyFile(t *testing.T, bits int, until time.Time) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nas"}, NotBefore: until.Add(-10000 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})...)
	path := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(path, both, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openssl serves TLS of some versions, with everything old that it has.
func (b *box) openssl(port int, pem string, versions ...string) {
	b.t.Helper()
	args := append([]string{"openssl", "s_server", "-quiet", "-accept", strconv.Itoa(port), "-cert", pem, "-key", pem, "-cipher", "ALL:@SECLEVEL=0"}, versions...)
	b.serve(port, args...)
}

// smbd serves files, from some version of SMB on.
func (b *box) smbd(lowest string) {
	b.t.Helper()
	dir, err := os.MkdirTemp("/mnt", "smbd")
	if err != nil {
		b.t.Fatal(err)
	}
	var conf strings.Builder
	conf.WriteString("[global]\nserver role = standalone server\ndisable netbios = yes\nsmb ports = 445\nload printers = no\n")
	fmt.Fprintf(&conf, "server min protocol = %s\npassdb backend = tdbsam:%s/passdb.tdb\nlog file = %s/log\n", lowest, dir, dir)
	for _, kind := range []string{"private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir"} {
		name := filepath.Join(dir, strings.ReplaceAll(kind, " ", ""))
		if err := os.Mkdir(name, 0o755); err != nil {
			b.t.Fatal(err)
		}
		fmt.Fprintf(&conf, "%s = %s\n", kind, name)
	}
	path := filepath.Join(dir, "smb.conf")
	if err := os.WriteFile(path, []byte(conf.String()), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.serve(445, "/usr/sbin/smbd", "--foreground", "--no-process-group", "--debug-stdout", "--configfile="+path)
}

// lan is the scanner's own view of the bridge, with real MACs and the real table of
// makers.
type lan struct {
	posture.System
	*site
}

func (l lan) Neighbours() (map[netip.Addr]posture.Neighbour, error) { return l.System.Neighbours() }
func (l lan) Links() ([]netip.Prefix, error)                        { return l.System.Links() }

func onLAN(t *testing.T, s *site, cfg posture.Config) *posture.Scanner {
	t.Helper()
	sc, err := posture.New(cfg, posture.Deps{
		Store: s.store, Hosts: s, Intake: s, Policy: s, Evidence: s, Network: lan{site: s}, Names: s, Vendors: oui.Table{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func lanConfig(ranges ...string) posture.Config {
	c := config([]uint16{22, 80, 443, 445, 636, 8443}, ranges...)
	c.Rate, c.Concurrent = 500, 64
	return c
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a network of its own")
	}
}

func TestRealServersAreJudged(t *testing.T) {
	needRoot(t)
	s := newSite(t)
	good, poor := keyFile(t, 2048, time.Now().Add(5000*time.Hour)), keyFile(t, 1024, time.Now().Add(-time.Hour))
	old := plug(t, "10.77.0.2", "00:50:56:00:00:02")
	old.openssl(443, poor, "-tls1")
	old.openssl(8443, good, "-tls1_1")
	old.smbd("NT1")
	today := plug(t, "10.77.0.3", "00:09:fb:00:00:03")
	today.openssl(443, good, "-no_tls1", "-no_tls1_1")
	today.openssl(636, good, "-tls1_3")
	today.smbd("SMB2_02")
	plug(t, "10.77.0.4", "06:50:56:00:00:04")

	sc := onLAN(t, s, lanConfig("10.77.0.0/28"))
	sweep(t, sc)
	for _, test := range []struct {
		address string
		id      check.ID
		status  check.Status
		reason  string
	}{
		{"10.77.0.2", check.NetworkTLS, check.Fail, "Old versions of TLS are offered: TLS 1.0 at 10.77.0.2:443, TLS 1.1 at 10.77.0.2:8443."},
		{"10.77.0.2", check.NetworkCertificates, check.Fail, "A certificate has expired: 10.77.0.2:443."},
		{"10.77.0.2", check.NetworkFileSharing, check.Fail, "Files are shared by SMB 1: 10.77.0.2:445."},
		{"10.77.0.2", check.NetworkRemoteAccess, check.Pass, ""},
		{"10.77.0.2", check.NetworkDevices, check.Pass, ""},
		{"10.77.0.3", check.NetworkTLS, check.Pass, "No old version of TLS is offered."},
		{"10.77.0.3", check.NetworkCertificates, check.Pass, ""},
		{"10.77.0.3", check.NetworkFileSharing, check.Pass, ""},
		{"10.77.0.4", check.NetworkDevices, check.Pass, "The device makes its MAC address up, so that nobody can tell whether it is new."},
	} {
		status, reason := s.status(test.address, test.id)
		if status != test.status || test.reason != "" && !strings.HasSuffix(reason, sorted(test.reason, reason)) {
			t.Errorf("%s of %s = %s, %q; want %s, %q", test.id, test.address, status, reason, test.status, test.reason)
		}
	}
	all, err := posture.Devices(t.Context(), s.store)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range all {
		got[d.Key] = d.Vendor
	}
	if len(got) != 3 || got["00:50:56:00:00:02"] != "VMware, Inc." || got["00:09:fb:00:00:03"] != "Philips Patient Monitoring" {
		t.Errorf("the devices = %v; want three by their MACs' makers, and no appliance", got)
	}

	// Somebody brings a machine.
	plug(t, "10.77.0.5", "00:15:5d:00:00:05")
	sweep(t, sc)
	if status, reason := s.status("10.77.0.5", check.NetworkDevices); status != check.Fail || !strings.Contains(reason, "Microsoft Corporation") {
		t.Errorf("a new machine = %s, %q; want it told, with its maker", status, reason)
	}
}

// sorted lets the two findings of a sentence come in either order: ports are asked
// in a shuffled one.
func sorted(want, got string) string {
	for _, part := range []string{"TLS 1.0 at 10.77.0.2:443", "TLS 1.1 at 10.77.0.2:8443"} {
		if strings.Contains(want, part) && !strings.Contains(got, part) {
			return want
		}
	}
	if strings.Contains(want, "TLS 1.0") {
		return "."
	}
	return want
}

func TestAnExcludedDeviceGetsNoPacketAtAll(t *testing.T) {
	needRoot(t)
	s := newSite(t)
	pump := plug(t, "10.77.0.18", "00:50:56:00:00:18")
	monitor := plug(t, "10.77.0.19", "00:09:fb:00:00:19")
	other := plug(t, "10.77.0.20", "00:50:56:00:00:20")
	cfg := lanConfig("10.77.0.16/28")
	cfg.Exclude.Networks = []netip.Prefix{netip.MustParsePrefix("10.77.0.18/32")}
	cfg.Exclude.Vendors = []string{"Philips"}
	sc := onLAN(t, s, cfg)
	before, one := pump.packets(), monitor.packets()
	sweep(t, sc)
	first := monitor.packets()
	for range 2 {
		run(t, "ip", "neigh", "flush", "dev", "lan")
		sweep(t, sc)
	}
	if after := pump.packets(); after != before {
		t.Errorf("the excluded address got packets: %s before, %s after", before, after)
	}
	if table := run(t, "ip", "neigh", "show", "10.77.0.18"); strings.Contains(table, "lladdr") {
		t.Errorf("the kernel knows the excluded address: %s", table)
	}
	if after := monitor.packets(); after != first || first == one {
		t.Errorf("the excluded maker's device had %s packets before, %s after a sweep and %s after three; want the first sweep's alone", one, first, after)
	}
	if other.packets() == "0" {
		t.Error("the device beside them got nothing")
	}
}

func TestSilenceIsNoPass(t *testing.T) {
	needRoot(t)
	s := newSite(t)
	// A device whose MAC is known and that drops everything, as a host firewall does.
	run(t, "ip", "neigh", "replace", "10.77.0.34", "lladdr", "00:50:56:00:00:34", "dev", "lan", "nud", "permanent")
	cfg := lanConfig("10.77.0.32/29")
	cfg.Ports = []uint16{443, 22}
	sc := onLAN(t, s, cfg)
	sweep(t, sc)
	if status, reason := s.status("10.77.0.34", check.NetworkTLS); status != check.Unknown || reason != "The device answers on no port that is asked." {
		t.Errorf("a device that drops everything = %s, %q; want unknown", status, reason)
	}
	// A device that left is in the kernel's table for hours.
	run(t, "ip", "neigh", "replace", "10.77.0.35", "lladdr", "00:50:56:00:00:35", "dev", "lan", "nud", "stale")
	sweep(t, sc)
	if all, err := posture.Devices(t.Context(), s.store); len(all) != 1 || err != nil {
		t.Errorf("the devices = %+v, %v; want the one that is there", all, err)
	}
	gone := onLAN(t, newSite(t), lanConfig("10.99.0.0/30"))
	if err := gone.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot reach the network") {
		t.Errorf("a sweep without a way there = %v; want it to say so", err)
	}
}
