package runbook_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// certificate writes one that lasts so long.
func (s *server) certificate(t *testing.T, name string, lasts time.Duration) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-2000 * time.Hour), NotAfter: time.Now().Add(lasts)}
	der, err := x509.CreateCertificate(nil, c, c, public, private)
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, name, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644)
}

func newTLS(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	s.real(t, "openssl")
	s.put(t, "proc/net/tcp", "  sl  local_address rem_address   st tx_queue\n   0: 00000000:0016 00000000:0000 0A 0\n", 0o644)
	return s
}

const aDay = 24 * time.Hour

func TestCertificatesAreFoundInTheSettingsOfServers(t *testing.T) {
	for _, test := range []struct {
		name, file, text string
	}{
		{"nginx", "etc/nginx/sites-enabled/clinic", "server {\n  # ssl_certificate /none.pem;\n  ssl_certificate \"@@/etc/ssl/a.pem\";\n  ssl_certificate_key /etc/ssl/a.key;\n}\n"},
		{"nginx, on one line", "etc/nginx/nginx.conf", "http { server { listen 443 ssl; ssl_certificate @@/etc/ssl/a.pem; ssl_certificate_key /k; } }\n"},
		{"nginx, on two lines", "etc/nginx/nginx.conf", "ssl_certificate # the new one\n  '@@/etc/ssl/a.pem';\n"},
		{"nginx, beside its settings", "etc/nginx/nginx.conf", "ssl_certificate ../ssl/a.pem;\n"},
		{"Apache", "etc/apache2/sites-enabled/clinic.conf", "\tSSLCertificateFile\t@@/etc/ssl/a.pem\n"},
		{"Postfix", "etc/postfix/main.cf", "smtpd_tls_cert_file=@@/etc/ssl/a.pem\n"},
		{"Dovecot", "etc/dovecot/conf.d/10-ssl.conf", "ssl_cert = <@@/etc/ssl/a.pem\n"},
		{"PostgreSQL", "etc/postgresql/15/main/postgresql.conf", "ssl_cert_file = '@@/etc/ssl/a.pem'\t# comment\n"},
		{"HAProxy", "etc/haproxy/haproxy.cfg", "frontend x\n  bind *:443 ssl crt @@/etc/ssl/a.pem alpn h2\n"},
		{"HAProxy, a folder", "etc/haproxy/haproxy.cfg", "  bind *:443 ssl crt @@/etc/ssl\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newTLS(t)
			s.certificate(t, "etc/ssl/a.pem", 100*aDay+time.Hour)
			s.put(t, test.file, test.text, 0o644)
			v := s.judge(t, check.LinuxCertificates, nil)
			wants(t, v, "pass", "")
			if got, _ := v.Facts.Get(check.FactServerCertificate); !strings.Contains(got, "a.pem;Days=100") {
				t.Errorf("the fact is %q; want 100 days", got)
			}
			s.certificate(t, "etc/ssl/a.pem", 10*aDay)
			wants(t, s.judge(t, check.LinuxCertificates, nil), "fail high", "a.pem")
		})
	}
}

func TestOnlyWhatNginxServesCounts(t *testing.T) {
	const snake = "ssl_certificate @@/etc/ssl/certs/snakeoil.pem;\n" // as of Debian's nginx-common
	s := newTLS(t)
	s.certificate(t, "etc/ssl/a.pem", 100*aDay+time.Hour)
	s.put(t, "etc/nginx/snippets/snakeoil.conf", snake, 0o644)
	s.put(t, "etc/nginx/sites-available/old", snake, 0o644)
	s.put(t, "etc/nginx/sites-enabled/clinic~", snake, 0o644)
	s.put(t, "etc/nginx/sites-enabled/clinic", "ssl_certificate @@/etc/ssl/a.pem;\n# include snippets/snakeoil.conf;\n", 0o644)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "pass", "")
	s.put(t, "etc/nginx/sites-enabled/clinic", "ssl_certificate @@/etc/ssl/a.pem;\ninclude snippets/snakeoil.conf;\n", 0o644)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "snakeoil.pem")
	// nginx itself knows better, and where relative names begin.
	s.real(t, "timeout")
	s.put(t, "run/nginx.pid", "77\n", 0o644)
	s.program(t, "nginx", "printf '# configuration file @@/opt/nginx/nginx.conf:\\nhttp { server { ssl_certificate b.pem; } }\\n'\n")
	s.certificate(t, "opt/nginx/b.pem", 50*aDay+time.Hour)
	v := s.judge(t, check.LinuxCertificates, nil)
	wants(t, v, "pass", "")
	if got, _ := v.Facts.Get(check.FactServerCertificate); !strings.HasSuffix(got, "/opt/nginx/b.pem;Days=50") {
		t.Errorf("the fact is %q", got)
	}
	s.program(t, "nginx", "exit 1\n")
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "snakeoil.pem")
	// One by name of the client is known only to nginx.
	s.put(t, "etc/nginx/sites-enabled/clinic", "ssl_certificate @@/etc/ssl/a.pem;\nssl_certificate /etc/ssl/$ssl_server_name.pem;\n", 0o644)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "$ssl_server_name.pem")
}

func TestTLSThatNobodyReadsIsUnknown(t *testing.T) {
	s := newTLS(t)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "not_applicable", "No server")
	s.put(t, "proc/net/tcp6", "  sl\n   0: 00000000000000000000000000000000:01BB 0:0 0A 0\n   1: 0000000000000000FFFF00000100007F:03E1 0:0 01 0\n", 0o644)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "port 443")
	s.drop(t, "proc/net/tcp")
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "cannot be read")
}

// The days are computed from what openssl prints, over leap years and centuries.
func TestDaysAreCountedRightly(t *testing.T) {
	for _, end := range []string{"2000-02-29", "2100-03-01", "2028-02-29", "2027-12-31", "2027-01-01", "2096-12-31", "2049-06-15"} {
		t.Run(end, func(t *testing.T) {
			at, err := time.Parse(time.DateOnly, end)
			if err != nil {
				t.Fatal(err)
			}
			s := newTLS(t)
			s.program(t, "openssl", "echo 'notAfter="+at.Format("Jan _2 15:04:05 2006")+" GMT'\n")
			s.program(t, "date", "echo 946684800\n") // 2000-01-01
			s.put(t, "etc/postfix/main.cf", "smtpd_tls_cert_file = /etc/ssl/a.pem\n", 0o644)
			o := s.run(t, "linux/facts/linux_certificates.sh", nil, nil)
			days := int(at.Sub(time.Unix(946684800, 0)).Hours() / 24)
			if got, _ := o.Facts.Get(check.FactServerCertificate); got != "Path=/etc/ssl/a.pem;Days="+big.NewInt(int64(days)).String() {
				t.Errorf("the fact is %q; want %d days", got, days)
			}
		})
	}
}

func TestCertificatesThatExpiredOrCannotBeReadAreSaidTo(t *testing.T) {
	s := newTLS(t)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "not_applicable", "No server")
	s.put(t, "etc/postfix/main.cf", "smtpd_tls_cert_file = @@/etc/ssl/a.pem\n", 0o644)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "a.pem")
	s.certificate(t, "etc/ssl/a.pem", -time.Hour)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "fail critical", "expired")
	s.put(t, "etc/ssl/a.pem", "no certificate\n", 0o644)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "a.pem")
	s.certificate(t, "etc/ssl/a.pem", 100*aDay)
	for i := range 40 {
		s.put(t, fmt.Sprintf("etc/nginx/sites-enabled/%d", i), fmt.Sprintf("ssl_certificate @@/etc/ssl/a.pem;\nssl_certificate @@/etc/ssl/../ssl/./%d/../a.pem;\n", i), 0o644)
		s.put(t, fmt.Sprintf("etc/ssl/%d/x", i), "", 0o644)
	}
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "more than 30")
	s.gone(t, "openssl")
	wants(t, s.judge(t, check.LinuxCertificates, nil), "unknown", "without openssl")
}

func TestCertificatesOfCertbotAreRenewed(t *testing.T) {
	s := newTLS(t)
	refuses(t, s.phase(t, "linux.certificates.renew", "remediate", nil, nil), "nothing here renews")
	s.program(t, "certbot", `echo "$*" >>@@/calls; [ ! -e @@/next ] || mv -f @@/next @@/etc/letsencrypt/live/clinic/cert.pem; if [ -e @@/limit ]; then echo; echo too many certificates; exit 1; fi`+"\n")
	refuses(t, s.phase(t, "linux.certificates.renew", "remediate", nil, nil), "keeps no certificate")
	s.certificate(t, "etc/letsencrypt/live/clinic/cert.pem", 19*aDay)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "fail high", "clinic")
	if o := s.phase(t, "linux.certificates.renew", "snapshot", nil, nil); !o.OK || !strings.Contains(string(o.State), "clinic/cert.pem") {
		t.Errorf("snapshot: %+v", o)
	}
	refuses(t, s.phase(t, "linux.certificates.renew", "remediate", nil, nil), "none of its certificates is due")
	s.put(t, "limit", "", 0o644)
	refuses(t, s.phase(t, "linux.certificates.renew", "remediate", nil, nil), "too many certificates")
	s.drop(t, "limit")
	s.certificate(t, "next", 89*aDay)
	does(t, s.phase(t, "linux.certificates.renew", "remediate", nil, nil))
	wants(t, s.judge(t, check.LinuxCertificates, nil), "pass", "")
	if got := s.read(t, "calls"); !strings.HasSuffix(got, "renew --non-interactive --no-random-sleep-on-renew\n") {
		t.Errorf("certbot was told %q", got)
	}
	// Certbot renews when 30 days are left; 25 are no fault of its.
	s.certificate(t, "etc/letsencrypt/live/clinic/cert.pem", 25*aDay)
	wants(t, s.judge(t, check.LinuxCertificates, nil), "pass", "")
}

func TestDownloadsOfPackagesAreDeletedAndLogsAreNot(t *testing.T) {
	for _, program := range []string{"apt-get", "dnf", "zypper"} {
		t.Run(program, func(t *testing.T) {
			s := newServer(t)
			s.program(t, program, `echo "$0 $*" >>@@/calls`+"\n")
			s.program(t, "systemd-tmpfiles", `echo "tmpfiles $*" >>@@/calls`+"\n")
			if o := s.phase(t, "linux.disk.clean", "snapshot", nil, nil); !o.OK {
				t.Errorf("snapshot: %+v", o)
			}
			does(t, s.phase(t, "linux.disk.clean", "remediate", nil, nil))
			got := s.read(t, "calls")
			if !strings.Contains(got, program) || !strings.Contains(got, " clean") || strings.Contains(got, "log") || !strings.Contains(got, "tmpfiles --clean --prefix=") {
				t.Errorf("it ran %q", got)
			}
			s.program(t, program, "exit 1\n")
			refuses(t, s.phase(t, "linux.disk.clean", "remediate", nil, nil), "cannot be deleted")
		})
	}
}
