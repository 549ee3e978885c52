package target

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/credential"

	"github.com/osiriscare/osiris/central/internal/store"
)

// hostName is what the roads take for a name.
var hostName = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z._-]{0,252})$`)

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (s *Service) check(ctx context.Context, site store.SiteID, t *centralv1.Target) error {
	if err := checkWords(t); err != nil {
		return fmt.Errorf("%w: %w", ErrTarget, err)
	}
	if err := s.checkScan(ctx, site, t.GetScanWith()); err != nil {
		return err
	}
	if t.GetApplianceId() == "" {
		return nil
	}
	appliances, err := s.store.Appliances(ctx, site)
	if err != nil {
		return fmt.Errorf("reading appliances of %s: %w", site, err)
	}
	for _, a := range appliances {
		if string(a.ID) == t.GetApplianceId() && !a.Retired {
			return nil
		}
	}
	return fmt.Errorf("%w: the site has no live appliance %.64q", ErrTarget, t.GetApplianceId())
}

// checkScan refuses what can prove nothing by Kerberos. A password's method is
// sealed: the appliance looks at that.
func (s *Service) checkScan(ctx context.Context, site store.SiteID, name string) error {
	if name == "" {
		return nil
	}
	held, err := s.store.Credentials(ctx, site, "")
	if err != nil {
		return fmt.Errorf("reading credentials of %s: %w", site, err)
	}
	for i := range held {
		if held[i].Name == name && held[i].Kind != int32(centralv1.CredentialKind_CREDENTIAL_KIND_WINDOWS_PASSWORD) {
			return fmt.Errorf("%w: a domain's computers are signed in to with Kerberos only, and %s is no windows-password", ErrTarget, name)
		}
	}
	return nil
}

func checkWords(t *centralv1.Target) error {
	_, bare := netip.ParseAddr(t.GetHost())
	linux := t.GetKind() == centralv1.TargetKind_TARGET_KIND_LINUX
	switch {
	case !credential.ValidName(t.GetName()):
		return fmt.Errorf("name %.100q has other characters than letters, digits and . _ - or more than 100", t.GetName())
	case t.GetKind() == centralv1.TargetKind_TARGET_KIND_UNSPECIFIED || centralv1.TargetKind_name[int32(t.GetKind())] == "":
		return fmt.Errorf("kind is windows, linux, workstation or domain")
	case !hostName.MatchString(t.GetHost()) && bare != nil:
		return fmt.Errorf("host %.100q is no name and no address", t.GetHost())
	case t.GetPort() > 65535:
		return fmt.Errorf("port %d", t.GetPort())
	case t.GetTlsName() != "" && !hostName.MatchString(t.GetTlsName()):
		return fmt.Errorf("name in the certificate %.100q", t.GetTlsName())
	case len(t.GetPin()) != 0 && len(t.GetPin()) != sha256.Size:
		return fmt.Errorf("a pin has 32 bytes, not %d", len(t.GetPin()))
	case t.GetObjectGuid() != "" && !guid.MatchString(t.GetObjectGuid()):
		return fmt.Errorf("objectGUID %.40q", t.GetObjectGuid())
	case !credential.ValidName(t.GetCredential()):
		return fmt.Errorf("it names no credential, and none is ever guessed")
	case linux && (t.GetHttp() || t.GetAllowBasic() || t.GetAllowPlain() || t.GetTlsName() != ""):
		return fmt.Errorf("TLS and WinRM's settings are not for SSH")
	case t.GetAllowPlain() && !t.GetAllowBasic():
		return fmt.Errorf("plain text is for basic authentication only: the others seal")
	case t.GetAllowPlain() && !t.GetHttp():
		return fmt.Errorf("plain text is for HTTP")
	}
	return checkDomain(t)
}

// domainName is a DNS name of two labels or more.
var domainName = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z-]{0,62})(\.[0-9A-Za-z]([0-9A-Za-z-]{0,62}))+$`)

// maxNames bounds the containers and groups of a domain.
const maxNames = 100

// checkDomain is about what only domains have.
func checkDomain(t *centralv1.Target) error {
	names := slices.Concat(t.GetIncludeOus(), t.GetExcludeOus(), t.GetExcludeGroups())
	if t.GetKind() != centralv1.TargetKind_TARGET_KIND_DOMAIN {
		if len(names) > 0 || t.GetScanWith() != "" || t.GetDomain() != "" {
			return fmt.Errorf("containers, groups, scan-with and domain are for domains")
		}
		return nil
	}
	domain := t.GetDomain()
	if domain == "" {
		domain = t.GetHost()
	}
	switch {
	case len(domain) > 253 || !domainName.MatchString(domain):
		return fmt.Errorf("%.100q is not a domain's DNS name, such as clinic.lan", domain)
	case t.GetDomain() != "" && !domainName.MatchString(t.GetHost()):
		return fmt.Errorf("a controller is given by its full DNS name: its certificate and Kerberos know no other")
	case t.GetAllowBasic() || t.GetTlsName() != "" || t.GetLab() || t.GetObjectGuid() != "":
		return fmt.Errorf("basic authentication, tls-name, lab and object-guid are not for domains")
	case t.GetHttp() && t.GetScanWith() == "":
		return fmt.Errorf("http says how the domain's computers are scanned, and none are: LDAP is always in TLS")
	case t.GetScanWith() != "" && !credential.ValidName(t.GetScanWith()):
		return fmt.Errorf("scan-with %.100q is no credential's name", t.GetScanWith())
	case len(names) > maxNames:
		return fmt.Errorf("%d containers and groups are more than %d", len(names), maxNames)
	}
	for _, dn := range names {
		if dn == "" || len(dn) > 1024 || !strings.Contains(dn, "=") {
			return fmt.Errorf("%.200q is no distinguished name, such as OU=Desks,DC=clinic,DC=lan", dn)
		}
	}
	return nil
}
