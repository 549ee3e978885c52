package domain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// recipe is to be raised with what make does.
const recipe = 2

// restore unpacks the domain from an archive that the first run makes: to make one
// takes much longer.
func restore(ctx context.Context) error {
	seed, err := archive(ctx)
	if err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(seed); err == nil {
		return run(ctx, "tar", "-C", folder, "--xattrs", "--xattrs-include=*", "-xzf", seed)
	}
	if err := makeDomain(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(seed), 0o755); err != nil {
		return err
	}
	part := fmt.Sprintf("%s.%d", seed, time.Now().UnixNano())
	if err := run(ctx, "tar", "-C", folder, "--xattrs", "--xattrs-include=*", "-czf", part, "."); err != nil {
		return err
	}
	return os.Rename(part, seed)
}

// archive is where the seed is, or will be.
func archive(ctx context.Context) (string, error) {
	base := os.Getenv("OSIRIS_CACHE")
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("finding the cache: %w", err)
		}
		base = filepath.Join(user, "osiris")
	}
	out, err := exec.CommandContext(ctx, "samba", "--version").Output()
	version := strings.Fields(string(out))
	if err != nil || len(version) == 0 {
		return "", fmt.Errorf("asking samba for its version: %w", errors.Join(err, ErrNot))
	}
	return filepath.Join(base, "samba", fmt.Sprintf("%d-%s-%d.tar.gz", recipe, version[len(version)-1], Count)), nil
}

func makeDomain(ctx context.Context) error {
	database, config := folder+"/private/sam.ldb", folder+"/etc/smb.conf"
	ldif := func(name, text string) (string, error) {
		path := filepath.Join(folder, name)
		return path, os.WriteFile(path, []byte(text), 0o600)
	}
	computers, err := ldif("computers.ldif", computersLDIF())
	if err != nil {
		return err
	}
	// What Samba's own start-up job registers, which is not run here.
	names, err := ldif("spn.ldif", "dn: CN=DC1,OU=Domain Controllers,"+Base+"\nchangetype: modify\nadd: servicePrincipalName\nservicePrincipalName: ldap/"+Controller+"\n")
	if err != nil {
		return err
	}
	for _, command := range [][]string{
		{
			"samba-tool", "domain", "provision", "--targetdir=" + folder, "--realm=NORTHVALLEY.LOCAL", "--domain=NORTHVALLEY", "--host-name=dc1",
			"--host-ip=" + Address, "--server-role=dc", "--dns-backend=SAMBA_INTERNAL", "--adminpass=" + AdminPassword,
			"--domain-sid=S-1-5-21-1111111111-2222222222-3333333333", "--option=interfaces=lo " + Address + "/24", "--option=bind interfaces only=yes",
			"--option=ldb:nosync=true", "--option=dns forwarder=",
		},
		{"ldbadd", "-H", database, "--configfile=" + config, "--option=ldb:nosync=true", computers},
		{"ldbmodify", "-H", database, "--configfile=" + config, "--option=ldb:nosync=true", names},
		{"samba-tool", "user", "create", "osiris", Password, "-H", database, "-s", config},
		{"samba-tool", "domain", "exportkeytab", folder + "/osiris.keytab", "--principal=osiris", "-s", config},
	} {
		if err := run(ctx, command[0], command[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// computersLDIF is the practice.
func computersLDIF() string {
	var b strings.Builder
	for _, ou := range []string{"Clinic", "Devices"} {
		fmt.Fprintf(&b, "dn: OU=%s,%s\nobjectClass: organizationalUnit\n\n", ou, Base)
	}
	for n := range Count {
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
		// The archive is not to grow stale.
		logon := time.Now().Add(-24*time.Hour).AddDate(5, 0, 0)
		if n%50 == 2 {
			logon = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		fmt.Fprintf(&b, "dn: CN=%s,OU=%s,%s\nobjectClass: computer\nsAMAccountName: %s$\nuserAccountControl: %d\noperatingSystem: %s\n"+
			"operatingSystemVersion: 10.0 (22631)\ndNSHostName: %s.%s\nlastLogonTimestamp: %s\n\n",
			name, ou, Base, name, control, system, dns, Name, fileTime(logon))
	}
	return b.String()
}

// fileTime is MS-DTYP 2.3.3's.
func fileTime(t time.Time) string { return strconv.FormatInt((t.Unix()+11644473600)*1e7, 10) }
