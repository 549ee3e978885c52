package server

import (
	"log/slog"
	"net/http"

	"go.uber.org/fx"

	"github.com/osiriscare/osiris/shared/fxrun"

	"github.com/osiriscare/osiris/central/internal/api"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/web"
)

// Listeners says where both servers listen.
type Listeners struct {
	API, Web  string
	DataDir   string
	PublicURL string
}

// Module binds both listeners at start, after all that they serve, and serves.
var Module = fx.Module("server", fx.Invoke(serveAPI))

func serveAPI(lc fx.Lifecycle, sd fx.Shutdowner, at Listeners, keys *keyring.Keyring, services *api.API, dashboard *web.Web, log *slog.Logger) error {
	secure := http.NewServeMux()
	services.Services(secure)
	s := New(Config{Name: "api", Listen: at.API, DataDir: at.DataDir}, secure, nil, log)
	if err := s.UseTLS(keys, at.PublicURL); err != nil {
		return err
	}
	lc.Append(fx.StartHook(s.Bind))
	fxrun.Go(lc, sd, s.Run)

	plain := http.NewServeMux()
	services.FleetService(plain)
	plain.Handle("/", dashboard.Handler())
	w := New(Config{Name: "web", Listen: at.Web, DataDir: at.DataDir}, plain, dashboard.Close, log)
	lc.Append(fx.StartHook(w.Bind))
	fxrun.Go(lc, sd, w.Run)
	return nil
}
