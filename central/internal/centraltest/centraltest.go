// Package centraltest is a whole Central in one process for tests: real store,
// archive, keys, TLS and API in a folder of the test, wired without fx. New
// starts it; Central.Appliance claims an appliance that keeps a real log, so that
// tests show what Central does with evidence that is good and with evidence that
// is not. Only tests import it; an error in it ends the test.
package centraltest

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/api"
	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/audit"
	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/credential"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/order"
	"github.com/osiriscare/osiris/central/internal/publish"
	"github.com/osiriscare/osiris/central/internal/server"
	"github.com/osiriscare/osiris/central/internal/site"
	"github.com/osiriscare/osiris/central/internal/store"
	"github.com/osiriscare/osiris/central/internal/target"
	"github.com/osiriscare/osiris/central/internal/tenant"
	"github.com/osiriscare/osiris/central/internal/witness"
)

// Central is a running Central.
type Central struct {
	Dir     string
	Keys    *keyring.Keyring
	Store   *store.Store
	Archive *archive.Archive
	Auth    *auth.Service
	Sites   *site.Service
	Tenants *tenant.Service
	Publish *publish.Publisher
	Intake  *intake.Intake
	Feed    *intake.Feed
	Fleet   *fleet.Fleet
	Orders  *order.Service
	API     *api.API
	URL     string // https
	Token   string // operator's
	t       testing.TB
}

// Value ends the test if there is an error: centraltest.Value(f())(t).
func Value[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		Check(t, err)
		return v
	}
}

// Check ends the test if there is an error.
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Keys sets a data folder up.
func Keys(t testing.TB, dir string) *keyring.Keyring {
	t.Helper()
	Check(t, keyring.Init(dir))
	Value(keyring.InitRoot(dir))(t)
	online := Value(keyring.ReadPublic(filepath.Join(dir, "online.pub")))(t)
	raw := Value(keyring.Delegate(dir, online, time.Now(), keyring.DelegationLifetime))(t)
	Check(t, signed.WriteSecret(filepath.Join(dir, "delegation.bin"), raw))
	return Value(keyring.Load(dir))(t)
}

// New sets up and starts a Central in a folder of the test.
func New(t testing.TB) *Central {
	t.Helper()
	dir := t.TempDir()
	c := Open(t, dir, Keys(t, dir))
	c.Token = Value(c.Auth.NewToken(context.Background(), "tester"))(t)
	return c
}

// Open starts a Central on a folder that is set up.
func Open(t testing.TB, dir string, keys *keyring.Keyring) *Central {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	c := &Central{Dir: dir, Keys: keys, t: t, Feed: intake.NewFeed()}
	c.Store = Value(store.Open(context.Background(), filepath.Join(dir, "central.db")))(t)
	c.Archive = Value(archive.New(archive.Config{Dir: filepath.Join(dir, "archive")}))(t)
	c.Auth, c.Publish, c.Tenants = auth.New(c.Store), publish.New(keys, c.Store), tenant.New(c.Store)
	cfg := site.Config{PublicURL: "https://127.0.0.1:8443", CheckInterval: time.Minute}
	c.Sites = site.New(cfg, keys, c.Store, c.Publish)
	c.Intake = intake.New(keys, c.Store, c.Archive, witness.New(keys), c.Feed, log)
	c.Fleet = fleet.New(keys, c.Store, c.Archive, c.Publish)
	c.Orders = order.New(keys, c.Store, Value(runbook.Load())(t), log)
	c.API = api.New(api.Deps{
		Auth: c.Auth, Audit: audit.New(c.Store), Sites: c.Sites, Tenants: c.Tenants, Publish: c.Publish,
		Intake: c.Intake, Fleet: c.Fleet, Targets: target.New(c.Store), Secrets: credential.New(c.Store), Orders: c.Orders, Store: c.Store, Site: cfg, Log: log,
	})
	mux := http.NewServeMux()
	c.API.Services(mux)
	front := server.New(server.Config{Name: "api", Listen: "127.0.0.1:0", DataDir: dir}, mux, nil, log)
	Check(t, front.UseTLS(keys, cfg.PublicURL))
	ctx, stop := context.WithCancel(context.Background())
	Check(t, front.Bind(ctx))
	c.URL = "https://" + front.Addr()
	// Run is not waited for: HTTP/2 says goodbye for a second.
	go front.Run(ctx) //nolint:errcheck // a server that fails shows in the calls
	t.Cleanup(func() {
		stop()
		Check(t, c.Store.Close())
	})
	return c
}

// HTTP is a client that believes Central's authority and shows a certificate if
// it is given one.
func (c *Central) HTTP(certificate *tls.Certificate) *http.Client {
	config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool(c.Keys.TLS.Certificate)}
	if certificate != nil {
		config.Certificates = []tls.Certificate{*certificate}
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	c.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Operator is a client of FleetService with a bearer token.
func (c *Central) Operator(token string) centralv1connect.FleetServiceClient {
	return centralv1connect.NewFleetServiceClient(c.HTTP(nil), c.URL, connect.WithInterceptors(connect.UnaryInterceptorFunc(
		func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
				if token != "" {
					req.Header().Set("Authorization", "Bearer "+token)
				}
				return next(ctx, req)
			}
		})))
}

// Site makes a client with one site that may self-heal.
func (c *Central) Site(client, name string) store.Site {
	c.t.Helper()
	owner := Value(c.Tenants.Create(c.t.Context(), client))(c.t)
	return Value(c.Sites.Create(c.t.Context(), owner.ID, name, trustv1.Tier_TIER_SELF_HEAL))(c.t)
}

// WriteFiles makes the folder of a bundle.
func WriteFiles(t testing.TB, dir string, files []*centralv1.File) {
	t.Helper()
	Check(t, os.MkdirAll(dir, 0o700))
	for _, f := range files {
		Check(t, os.WriteFile(filepath.Join(dir, f.GetName()), f.GetContent(), 0o600))
	}
}
