// Package realm is a Kerberos realm on loopback for tests: MIT's key distribution
// centre (Debian's krb5-kdc and krb5-admin-server), and a name server that leads to
// it as a domain's does. All of it lives in a folder of the test and ends with it;
// what goes wrong fails the test.
package realm

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"
)

// Config is what the realm has.
type Config struct {
	// Name is the realm's, in capitals; its hosts are in the DNS domain of that name.
	Name string
	// Encryption is the one type of keys.
	Encryption string
	// Users have passwords, Services keys in the keytab: HTTP/ws01.clinic.example.
	Users    map[string]string
	Services []string
}

// Realm is a running one.
type Realm struct {
	// Env leads MIT's programs to it.
	Env []string
	// Keytab has the keys of all services.
	Keytab *keytab.Keytab
	// Port is the centre's, on 127.0.0.1.
	Port int

	name, folder string
}

// Start makes a realm and serves it until the test ends.
func Start(t testing.TB, cfg Config) *Realm {
	t.Helper()
	r := &Realm{name: cfg.Name, folder: t.TempDir(), Port: freePort(t)}
	r.configure(t, cfg)
	r.Run(t, "", "/usr/sbin/kdb5_util", "create", "-s", "-P", "master", "-r", r.name)
	for user, password := range cfg.Users {
		r.Run(t, "", "/usr/sbin/kadmin.local", "-r", r.name, "addprinc", "-pw", password, user)
	}
	for _, service := range cfg.Services {
		r.Run(t, "", "/usr/sbin/kadmin.local", "-r", r.name, "addprinc", "-randkey", service)
		r.Run(t, "", "/usr/sbin/kadmin.local", "-r", r.name, "ktadd", "-k", r.path("keytab"), service)
	}
	r.serve(t)
	var err error
	if r.Keytab, err = keytab.Load(r.path("keytab")); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Realm) path(name string) string { return filepath.Join(r.folder, name) }

// configure writes MIT's files.
func (r *Realm) configure(t testing.TB, cfg Config) {
	t.Helper()
	for name, text := range map[string]string{
		"krb5.conf": fmt.Sprintf(`[libdefaults]
default_realm = %[1]s
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
permitted_enctypes = %[3]s
[realms]
%[1]s = {
 kdc = 127.0.0.1:%[2]d
}
[domain_realm]
.%[4]s = %[1]s
`, r.name, r.Port, cfg.Encryption, r.domain()),
		"kdc.conf": fmt.Sprintf(`[kdcdefaults]
kdc_listen = 127.0.0.1:%[2]d
kdc_tcp_listen = 127.0.0.1:%[2]d
[realms]
%[1]s = {
 database_name = %[3]s/principal
 key_stash_file = %[3]s/stash
 acl_file = %[3]s/acl
 max_life = 1h
 supported_enctypes = %[4]s:normal
 master_key_type = %[4]s
}
`, r.name, r.Port, r.folder, cfg.Encryption),
	} {
		if err := os.WriteFile(r.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.Env = []string{
		"KRB5_CONFIG=" + r.path("krb5.conf"), "KRB5_KDC_PROFILE=" + r.path("kdc.conf"), "KRB5CCNAME=FILE:" + r.path("cache"), "KRB5RCACHENAME=none:",
	}
}

// domain is the DNS domain of the realm's hosts.
func (r *Realm) domain() string { return strings.ToLower(r.name) }

func (r *Realm) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), r.Env...)
	return cmd
}

// Run runs a program in the realm, which has to succeed.
func (r *Realm) Run(t testing.TB, stdin, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := r.command(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// serve waits until the centre listens.
func (r *Realm) serve(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := r.command(ctx, "/usr/sbin/krb5kdc", "-n", "-r", r.name)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port))
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the KDC does not listen: %v", err)
		}
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
