// Package domain starts a real Samba domain controller from Debian, in namespaces
// that end with the process: nothing of it is seen by the machine, and nothing of
// it stays but a seed archive in the cache. Main brings a program into the
// namespaces, Start starts the controller there. It needs root and Debian's samba;
// ErrNot says which is missing.
//
// The domain is northvalley.local with one controller and Count computers: every
// tenth is disabled, every tenth after it a server, every fiftieth stale, every
// hundredth in an OU of devices. To make it takes a minute or two, to restore it a
// second; the archive is in $OSIRIS_CACHE/samba, by default under the user's cache
// folder. Seen with Samba 4.17 on 2026-11-22.
package domain

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/osiriscare/osiris/tools/winlab/labca"
)

// The domain's names and accounts. User is an ordinary one.
const (
	Name       = "northvalley.local"
	Controller = "dc1." + Name
	Base       = "DC=northvalley,DC=local"
	Address    = "10.99.0.1"

	User          = "osiris@" + Name
	Password      = "Secret-User-1"
	Admin         = "administrator@" + Name
	AdminPassword = "Secret-Admin-1"

	// Count is how many computers there are beside the controller; Listed how many
	// of them and of the controller are Windows and enabled.
	Count  = 5600
	Listed = 5041
)

const (
	folder = "/mnt/dc"
	logTo  = "/mnt/samba.log"
	// startTime bounds the wait for a port of the controller.
	startTime = time.Minute
)

// ErrNot means that there can be no domain here, and why.
var ErrNot = errors.New("no domain controller here")

// Possible tells whether Main and Start can work: the error is ErrNot.
func Possible() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: its ports and namespaces need root", ErrNot)
	}
	for _, program := range []string{"samba", "samba-tool", "ldbadd", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w: %s is missing, tools/debian-packages.txt says what to install", ErrNot, program)
		}
	}
	return nil
}

// DC is a running controller. It ends with the namespaces.
type DC struct {
	CA *labca.CA
	// Keytab is User's.
	Keytab []byte
}

// Start starts the controller and waits until it answers; once a process.
func Start(ctx context.Context) (*DC, error) {
	if !Inside() {
		return nil, fmt.Errorf("%w: the program is in no namespaces of its own", ErrNot)
	}
	d := &DC{}
	for _, step := range []func(context.Context) error{prepare, restore, d.certify, serve} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("starting the domain controller: %w", err)
		}
	}
	keytab, err := os.ReadFile(filepath.Join(folder, "osiris.keytab"))
	if err != nil {
		return nil, fmt.Errorf("reading the account's keytab: %w", err)
	}
	d.Keytab = keytab
	return d, nil
}

// Keys makes a computer of the domain the one that serves HTTP under a DNS name, and
// gives it the keytab for that.
func (d *DC) Keys(ctx context.Context, dn, account, host string) ([]byte, error) {
	database, config, dir := folder+"/private/sam.ldb", folder+"/etc/smb.conf", "/mnt/keys-"+account
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keeping keys: %w", err)
	}
	text := fmt.Sprintf("dn: %s\nchangetype: modify\nadd: servicePrincipalName\nservicePrincipalName: HTTP/%s\n-\n"+
		"replace: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 24\n", dn, host)
	if err := os.WriteFile(dir+"/ldif", []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("keeping keys: %w", err)
	}
	for _, command := range [][]string{
		{"ldbmodify", "-H", database, "--configfile=" + config, dir + "/ldif"},
		{"samba-tool", "user", "setpassword", account + "$", "--newpassword=" + AdminPassword, "-H", database, "-s", config},
		{"samba-tool", "domain", "exportkeytab", dir + "/keytab", "--principal=HTTP/" + host, "-s", config},
	} {
		if err := run(ctx, command[0], command[1:]...); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(dir + "/keytab")
}

// UseDNS makes the controller the name server of every program in the namespaces.
func UseDNS(ctx context.Context) error {
	const file = "/mnt/resolv.conf"
	if err := os.WriteFile(file, []byte("nameserver "+Address+"\noptions timeout:1 attempts:2\n"), 0o644); err != nil { //nolint:gosec // everybody reads it
		return fmt.Errorf("writing name servers: %w", err)
	}
	return run(ctx, "mount", "--bind", file, "/etc/resolv.conf")
}

func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s %s: %w\n%s", name, args[0], err, out)
	}
	return nil
}

// prepare makes the network and disks that only exist there.
func prepare(ctx context.Context) error {
	for _, dir := range []string{"/mnt", "/run/samba", "/var/lib/samba", "/var/cache/samba", "/var/log/samba"} {
		if err := run(ctx, "mount", "-t", "tmpfs", "-o", "mode=755", "none", dir); err != nil {
			return err
		}
	}
	return run(ctx, "ip", "address", "add", Address+"/24", "dev", "lo")
}

// certify gives the controller a certificate.
func (d *DC) certify(context.Context) error {
	ca, err := labca.New("northvalley")
	if err != nil {
		return err
	}
	leaf, err := ca.Host(Controller)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		return fmt.Errorf("writing the controller's key: %w", err)
	}
	dir := filepath.Join(folder, "private", "tls")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, text := range map[string][]byte{
		"ca.pem": ca.PEM(), "cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[0]}),
		"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	d.CA = ca
	return nil
}

// serve starts Samba and waits for its ports. It outlives ctx.
func serve(ctx context.Context) error {
	if err := os.Mkdir("/mnt/run", 0o755); err != nil {
		return err
	}
	args := []string{"-F", "--no-process-group", "-s", folder + "/etc/smb.conf"}
	for _, option := range []string{
		"ldap server require strong auth=allow_sasl_over_tls", "ldb:nosync=true", "server services=ldap cldap kdc dns", "dcerpc endpoint servers=",
		"pid directory=/mnt/run", "ncalrpc dir=/mnt/run/ncalrpc", "lock directory=/mnt/run", "ntp signd socket directory=/mnt/run/ntp",
		"winbindd socket directory=/mnt/run/winbindd", "log file=" + logTo,
	} {
		args = append(args, "--option="+option)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "samba", args...)
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		return err
	}
	for _, port := range []string{"636", "389", "88", "53"} {
		if err := wait(ctx, net.JoinHostPort(Address, port)); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			said, _ := os.ReadFile(logTo)
			return fmt.Errorf("waiting for %s: %w\n%s", address, err, strings.TrimSpace(string(said)))
		case <-time.After(50 * time.Millisecond):
		}
	}
}
