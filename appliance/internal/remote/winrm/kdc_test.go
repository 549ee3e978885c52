//go:build integration

package winrm_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// kdc is MIT Kerberos' for the realm NORTHVALLEY.LOCAL, on loopback.
type kdc struct {
	address string
	keytab  string
	env     []string
}

const realm = "NORTHVALLEY.LOCAL"

// startKDC makes the realm with alice and the service of the loopback host.
func startKDC(t *testing.T, options string) *kdc {
	t.Helper()
	dir := t.TempDir()
	k := &kdc{address: fmt.Sprintf("127.0.0.1:%d", freePort(t)), keytab: filepath.Join(dir, "keytab")}
	conf, profile := filepath.Join(dir, "krb5.conf"), filepath.Join(dir, "kdc.conf")
	write(t, conf, fmt.Sprintf("[libdefaults]\n default_realm = %s\n dns_lookup_kdc = false\n rdns = false\n[realms]\n %s = {\n  kdc = %s\n }\n", realm, realm, k.address))
	write(t, profile, fmt.Sprintf("[kdcdefaults]\n kdc_listen = \"\"\n kdc_tcp_listen = %s\n[realms]\n %s = {\n  database_name = %s/db\n  key_stash_file = %s/stash\n  acl_file = %s/acl\n  %s\n }\n",
		k.address, realm, dir, dir, dir, options))
	k.env = append(os.Environ(), "KRB5_CONFIG="+conf, "KRB5_KDC_PROFILE="+profile, "KRB5_KTNAME="+k.keytab, "KRB5RCACHETYPE=none", "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
	k.run(t, "/usr/sbin/kdb5_util", "create", "-s", "-r", realm, "-P", "Master-1")
	k.admin(t, "addprinc -pw Secret-1 +requires_preauth alice")
	k.admin(t, "addprinc -randkey HTTP/127.0.0.1")
	k.admin(t, "ktadd -k "+k.keytab+" HTTP/127.0.0.1")
	cmd := exec.Command("/usr/sbin/krb5kdc", "-n")
	cmd.Env = append(k.env, "KRB5_TRACE="+filepath.Join(dir, "trace"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // killed
	})
	k.await(t)
	return k
}

func (k *kdc) admin(t *testing.T, command string) {
	t.Helper()
	k.run(t, "/usr/sbin/kadmin.local", "-r", realm, "-q", command)
}

func (k *kdc) run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = k.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// await waits until it listens.
func (k *kdc) await(t *testing.T) {
	t.Helper()
	for range 200 {
		c, err := net.Dial("tcp", k.address)
		if err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the kdc does not listen")
}

// find is what a Road asks.
func (k *kdc) find(context.Context, string) ([]string, error) { return []string{k.address}, nil }

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // only its number was wanted
	return l.Addr().(*net.TCPAddr).Port
}
