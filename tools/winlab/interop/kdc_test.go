//go:build integration

package interop_test

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

const realm = "NORTHVALLEY.EXAMPLE"

// kdc is MIT's key distribution centre on loopback.
type kdc struct {
	folder string
	env    []string
	keytab *keytab.Keytab
}

// startKDC makes a realm with one user and the service of WS01, of one
// encryption type, and serves it until the test ends.
func startKDC(t *testing.T, etype string) *kdc {
	t.Helper()
	k := &kdc{folder: t.TempDir()}
	port := freePort(t)
	path := func(name string) string { return filepath.Join(k.folder, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("krb5.conf", fmt.Sprintf(`[libdefaults]
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
.northvalley.example = %[1]s
`, realm, port, etype))
	write("kdc.conf", fmt.Sprintf(`[kdcdefaults]
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
`, realm, port, k.folder, etype))
	k.env = []string{"KRB5_CONFIG=" + path("krb5.conf"), "KRB5_KDC_PROFILE=" + path("kdc.conf"), "KRB5CCNAME=FILE:" + path("cache"), "KRB5RCACHENAME=none:"}
	k.run(t, "", "/usr/sbin/kdb5_util", "create", "-s", "-P", "master", "-r", realm)
	service := "HTTP/ws01.northvalley.example"
	k.run(t, "", "/usr/sbin/kadmin.local", "-r", realm, "addprinc", "-pw", password, "osiris")
	k.run(t, "", "/usr/sbin/kadmin.local", "-r", realm, "addprinc", "-randkey", service)
	k.run(t, "", "/usr/sbin/kadmin.local", "-r", realm, "ktadd", "-k", path("keytab"), service)
	k.serve(t, port)
	k.run(t, password+"\n", "/usr/bin/kinit", "osiris@"+realm)
	var err error
	if k.keytab, err = keytab.Load(path("keytab")); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *kdc) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), k.env...)
	return cmd
}

func (k *kdc) run(t *testing.T, stdin, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := k.command(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// serve waits until the centre listens.
func (k *kdc) serve(t *testing.T, port int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := k.command(ctx, "/usr/sbin/krb5kdc", "-n", "-r", realm)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
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

func freePort(t *testing.T) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
