//go:build integration

package discover_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
)

// inside tells the process that has namespaces of its own from the one that made
// them.
const inside = "OSIRIS_TEST_DISCOVER_INSIDE"

// TestMain runs all tests in a network, a process and a mount namespace, where
// Samba has its ports; all of it ends with the first process. What Samba writes
// is on disks that only exist there.
func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" {
		// The tests with the fake want loopback too.
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "setting up loopback: %v: %s\n", err, out)
			os.Exit(1)
		}
	}
	if os.Geteuid() != 0 || os.Getenv(inside) != "" {
		os.Exit(m.Run())
	}
	mounts := read("/proc/self/mounts")
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "starting the tests in namespaces:", err)
		os.Exit(1)
	case read("/proc/self/mounts") != mounts:
		fmt.Fprintln(os.Stderr, "the machine's mounts changed")
		os.Exit(1)
	}
}

func read(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

const (
	sambaDir     = "/mnt/dc"
	sambaAddress = "10.99.0.1"
	sambaAdmin   = "Secret-Admin-1"
	sambaUser    = "Secret-User-1"
	// sambaRecipe is to be raised with what make does.
	sambaRecipe = 2
	// sambaCount is how many computers the domain has beside its controller.
	sambaCount = 5000
)

// samba is a real domain controller from Debian.
type samba struct {
	*fake  // only its certificates
	keytab []byte
}

var theSamba struct {
	sync.Once
	*samba
}

// startSamba starts the one that all tests share.
func startSamba(t *testing.T) *samba {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Skip("Samba needs root, for its ports and namespaces")
	}
	theSamba.Do(func() {
		s := &samba{fake: &fake{t: t}}
		s.prepare()
		s.provision()
		s.start()
		s.t = nil
		theSamba.samba = s
	})
	if theSamba.samba == nil {
		t.Fatal("Samba did not start")
	}
	return theSamba.samba
}

func (s *samba) run(name string, args ...string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), name, args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", name, args[0], err, out)
	}
	return string(out)
}

// prepare makes the network and the disks.
func (s *samba) prepare() {
	s.t.Helper()
	s.run("mount", "-t", "proc", "proc", "/proc")
	for _, dir := range []string{"/mnt", "/run/samba", "/var/lib/samba", "/var/cache/samba", "/var/log/samba"} {
		s.run("mount", "-t", "tmpfs", "-o", "mode=755", "none", dir)
	}
	s.run("ip", "address", "add", sambaAddress+"/24", "dev", "lo")
}

// provision restores the domain from an archive that the first run made: to make
// one takes five times as long.
func (s *samba) provision() {
	s.t.Helper()
	base := os.Getenv("OSIRIS_CACHE")
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			s.t.Fatal(err)
		}
		base = filepath.Join(user, "osiris")
	}
	version := strings.Fields(s.run("samba", "--version"))
	seed := filepath.Join(base, "samba", fmt.Sprintf("%d-%s-%d.tar.gz", sambaRecipe, version[len(version)-1], sambaCount))
	if err := os.Mkdir(sambaDir, 0o755); err != nil {
		s.t.Fatal(err)
	}
	if _, err := os.Stat(seed); err == nil {
		s.run("tar", "-C", sambaDir, "--xattrs", "--xattrs-include=*", "-xzf", seed)
	} else {
		s.make()
		if err := os.MkdirAll(filepath.Dir(seed), 0o755); err != nil {
			s.t.Fatal(err)
		}
		part := fmt.Sprintf("%s.%d", seed, time.Now().UnixNano())
		s.run("tar", "-C", sambaDir, "--xattrs", "--xattrs-include=*", "-czf", part, ".")
		if err := os.Rename(part, seed); err != nil {
			s.t.Fatal(err)
		}
	}
	keytab, err := os.ReadFile(filepath.Join(sambaDir, "osiris.keytab"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.keytab = keytab
}

func (s *samba) make() {
	s.t.Helper()
	s.run("samba-tool", "domain", "provision", "--targetdir="+sambaDir, "--realm=NORTHVALLEY.LOCAL", "--domain=NORTHVALLEY", "--host-name=dc1", "--host-ip="+sambaAddress,
		"--server-role=dc", "--dns-backend=SAMBA_INTERNAL", "--adminpass="+sambaAdmin, "--domain-sid=S-1-5-21-1111111111-2222222222-3333333333",
		"--option=interfaces=lo "+sambaAddress+"/24", "--option=bind interfaces only=yes", "--option=ldb:nosync=true", "--option=dns forwarder=")
	ldif := filepath.Join(sambaDir, "computers.ldif")
	if err := os.WriteFile(ldif, []byte(computersLDIF()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.run("ldbadd", "-H", sambaDir+"/private/sam.ldb", "--configfile="+sambaDir+"/etc/smb.conf", "--option=ldb:nosync=true", ldif)
	// What Samba's own start-up job registers, which is not run here.
	spn := filepath.Join(sambaDir, "spn.ldif")
	if err := os.WriteFile(spn, []byte("dn: CN=DC1,OU=Domain Controllers,"+base+"\nchangetype: modify\nadd: servicePrincipalName\nservicePrincipalName: ldap/dc1.northvalley.local\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.run("ldbmodify", "-H", sambaDir+"/private/sam.ldb", "--configfile="+sambaDir+"/etc/smb.conf", "--option=ldb:nosync=true", spn)
	s.run("samba-tool", "user", "create", "osiris", sambaUser, "-H", sambaDir+"/private/sam.ldb", "-s", sambaDir+"/etc/smb.conf")
	s.run("samba-tool", "domain", "exportkeytab", sambaDir+"/osiris.keytab", "--principal=osiris", "-s", sambaDir+"/etc/smb.conf")
}

// computersLDIF is the practice: every tenth is disabled, every tenth after it a
// server, every fiftieth stale, every hundredth in an OU of devices.
func computersLDIF() string {
	var b strings.Builder
	for _, ou := range []string{"Clinic", "Devices"} {
		fmt.Fprintf(&b, "dn: OU=%s,%s\nobjectClass: organizationalUnit\n\n", ou, base)
	}
	for n := range sambaCount {
		ou, control, system := "Clinic", 4096, "Windows 11 Pro"
		switch {
		case n%100 == 3:
			ou = "Devices"
		case n%10 == 0:
			control = 4098
		case n%10 == 1:
			system = "Windows Server 2022 Standard"
		}
		name, dns := fmt.Sprintf("WS%04d", n), fmt.Sprintf("ws%04d", n)
		if n == 42 {
			name, dns = "Größe-Ω", "xn--gre-ina"
		}
		logon := time.Now().Add(-24 * time.Hour)
		if n%50 == 2 {
			logon = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		} else {
			logon = logon.AddDate(5, 0, 0) // the archive is not to grow stale
		}
		fmt.Fprintf(&b, "dn: CN=%s,OU=%s,%s\nobjectClass: computer\nsAMAccountName: %s$\nuserAccountControl: %d\noperatingSystem: %s\noperatingSystemVersion: 10.0 (22631)\ndNSHostName: %s.northvalley.local\nlastLogonTimestamp: %s\n\n",
			name, ou, base, name, control, system, dns, fileTime(logon))
	}
	return b.String()
}

// start waits for the ports.
func (s *samba) start() {
	s.t.Helper()
	s.certificates("dc1.northvalley.local")
	der, err := x509.MarshalPKCS8PrivateKey(s.tls.Certificates[0].PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		s.t.Fatal(err)
	}
	dir := filepath.Join(sambaDir, "private", "tls")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: s.ca.Raw}, "cert.pem": {Type: "CERTIFICATE", Bytes: s.tls.Certificates[0].Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := os.Mkdir("/mnt/run", 0o755); err != nil {
		s.t.Fatal(err)
	}
	args := []string{"-F", "--no-process-group", "-s", sambaDir + "/etc/smb.conf"}
	for _, option := range []string{
		"ldap server require strong auth=allow_sasl_over_tls", "ldb:nosync=true", "server services=ldap cldap kdc dns", "dcerpc endpoint servers=",
		"pid directory=/mnt/run", "ncalrpc dir=/mnt/run/ncalrpc", "lock directory=/mnt/run", "ntp signd socket directory=/mnt/run/ntp", "winbindd socket directory=/mnt/run/winbindd", "log file=/mnt/samba.log",
	} {
		args = append(args, "--option="+option)
	}
	cmd := exec.Command("samba", args...) // it outlives the test that starts it, and ends with the namespace
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for _, port := range []string{"636", "389", "88", "53"} {
		for deadline := time.Now().Add(time.Minute); ; {
			c, err := net.Dial("tcp", net.JoinHostPort(sambaAddress, port))
			if err == nil {
				_ = c.Close()
				break
			}
			if time.Now().After(deadline) {
				s.t.Fatalf("waiting for port %s: %v\n%s", port, err, read("/mnt/samba.log"))
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// config finds the controller by the domain's own DNS.
func (s *samba) config() discover.Config {
	return discover.Config{
		Domain: "northvalley.local", DNS: []netip.AddrPort{netip.MustParseAddrPort(sambaAddress + ":53")}, CAs: s.cas,
		Credential: discover.Credential{Method: discover.Simple, User: "osiris@northvalley.local", Password: sambaUser},
	}
}

func (s *samba) client() *tls.Config {
	return &tls.Config{RootCAs: s.cas, ServerName: "dc1.northvalley.local"}
}
