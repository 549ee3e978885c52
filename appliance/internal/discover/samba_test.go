//go:build integration

package discover_test

import (
	"context"
	"crypto/tls"
	"net/netip"
	"os"
	"sync"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/discover"
	"github.com/osiriscare/osiris/e2e/lab/domain"
)

// TestMain runs all tests in namespaces, where Samba has its ports.
func TestMain(m *testing.M) { os.Exit(domain.Main(m.Run)) }

// samba is a real domain controller.
type samba struct{ *domain.DC }

// theSamba is the one that all tests share.
var theSamba = sync.OnceValues(func() (*domain.DC, error) { return domain.Start(context.Background()) })

func startSamba(t *testing.T) *samba {
	t.Helper()
	if !domain.Inside() {
		t.Skip("Samba needs root, for its ports and namespaces")
	}
	dc, err := theSamba()
	if err != nil {
		t.Fatal(err)
	}
	return &samba{dc}
}

// config finds the controller by the domain's own DNS.
func (s *samba) config() discover.Config {
	return discover.Config{
		Domain: domain.Name, DNS: []netip.AddrPort{netip.MustParseAddrPort(domain.Address + ":53")}, CAs: s.CA.Pool(),
		Credential: discover.Credential{Method: discover.Simple, User: domain.User, Password: domain.Password},
	}
}

func (s *samba) client() *tls.Config {
	return &tls.Config{RootCAs: s.CA.Pool(), ServerName: domain.Controller}
}
