// Package web is the dashboard, rendered on the server: practices, sites,
// computers with their checks, and each piece of evidence with the files that
// prove it (DESIGN D36). It is for a practice's manager: plain words, what to
// do, and unknown shown as unknown. Pages are whole without JavaScript; a site's
// page is live by server-sent events that carry rendered parts. There are no
// assets but its own, and the content policy allows no inline script or style.
//
// A login code or an operator token begins a session; its cookie is HttpOnly and
// SameSite. The dashboard changes nothing but sessions, and requests from other
// origins that would are refused.
package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"github.com/a-h/templ"
	"golang.org/x/time/rate"

	"github.com/osiriscare/osiris/central/internal/audit"
	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/fleet"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/store"
)

// Web serves the dashboard.
type Web struct {
	auth    *auth.Service
	audit   *audit.Log
	fleet   *fleet.Fleet
	feed    *intake.Feed
	log     *slog.Logger
	tries   *rate.Limiter // sign-ins of everybody together
	mux     *http.ServeMux
	closing chan struct{}
	close   sync.Once
}

// Sign-ins per second, and at once.
const (
	trySeconds = 2
	tryBurst   = 20
)

// New makes the dashboard.
func New(operators *auth.Service, record *audit.Log, f *fleet.Fleet, feed *intake.Feed, log *slog.Logger) *Web {
	w := &Web{
		auth: operators, audit: record, fleet: f, feed: feed, log: log.With("component", "web"),
		tries: rate.NewLimiter(trySeconds, tryBurst), mux: http.NewServeMux(), closing: make(chan struct{}),
	}
	w.mux.Handle("GET /static/", static())
	w.mux.HandleFunc("GET /login", w.login)
	w.mux.HandleFunc("POST /login", w.loginToken)
	w.mux.HandleFunc("POST /logout", w.logout)
	for pattern, do := range map[string]page{
		"GET /{$}": w.clients, "GET /clients/{client}": w.client, "GET /sites/{site}": w.site,
		"GET /sites/{site}/live": w.live, "GET /sites/{site}/hosts/{host}": w.host,
		"GET /sites/{site}/evidence/{bundle}":              w.evidence,
		"GET /sites/{site}/evidence/{bundle}/files/{name}": w.evidenceFile,
	} {
		w.mux.HandleFunc(pattern, w.signedIn(do))
	}
	w.mux.HandleFunc("GET /", w.signedIn(func(http.ResponseWriter, *http.Request) error { return store.ErrNotFound }))
	return w
}

// Handler is the dashboard with its headers.
func (w *Web) Handler() http.Handler {
	return secure(http.NewCrossOriginProtection().Handler(w.mux))
}

// Close ends live pages, so that a server can stop.
func (w *Web) Close() { w.close.Do(func() { close(w.closing) }) }

// secure sets what every answer says to browsers.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // a login code is in an address
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(rw, r)
	})
}

// page answers a signed-in person; its error becomes a page of its own.
type page func(rw http.ResponseWriter, r *http.Request) error

// signedIn sends others to the sign-in page.
func (w *Web) signedIn(do page) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		name, err := w.auth.Session(r.Context(), sessionOf(r))
		if errors.Is(err, auth.ErrDenied) {
			http.Redirect(rw, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		if err == nil {
			err = do(rw, r.WithContext(auth.WithOperator(r.Context(), name)))
		}
		if err != nil {
			w.fail(rw, r, err)
		}
	}
}

func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	code, title, says := http.StatusInternalServerError, "Something went wrong", "The server's log says more. Try again in a moment."
	switch {
	case errors.Is(err, store.ErrNotFound):
		code, title, says = http.StatusNotFound, "There is no such page", "It may have been removed, or the address is not complete."
	case errors.Is(err, fleet.ErrPage):
		code, title, says = http.StatusBadRequest, "This page of the list is gone", "Start again at the beginning of the list."
	case r.Context().Err() != nil:
		return // the reader went away
	default:
		w.log.ErrorContext(r.Context(), "page not served", "path", r.URL.Path, "error", err)
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(code)
	if err := w.framed(rw, r, title, nil, failure(title, says)); err != nil {
		w.log.DebugContext(r.Context(), "failure not shown", "error", err)
	}
}

// show renders a page into the frame.
func (w *Web) show(rw http.ResponseWriter, r *http.Request, title string, crumbs []crumb, content templ.Component) error {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	return w.framed(rw, r, title, crumbs, content)
}

func (w *Web) framed(rw http.ResponseWriter, r *http.Request, title string, crumbs []crumb, content templ.Component) error {
	return frame(title, crumbs, w.fleet.Root()).Render(templ.WithChildren(r.Context(), content), rw)
}
