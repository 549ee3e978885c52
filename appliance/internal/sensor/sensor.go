// Package sensor is the REST API of legacy sensors on port 8080, kept as
// deployed sensors know it: JSON over plain HTTP under /api/sensor (heartbeat,
// drift, resolved, status, hosts/polling) and /health. Nobody proves an
// identity here, so what comes in is asserted (DESIGN D16): it is its own host
// record, it routes by drift type and never by check_id, and it never clears
// what another source sees. Legacy Linux sensors have a dialect of their own
// under /sensor (register, heartbeat, event, status, hosts/polling and the three
// scripts that install, remove and are the sensor), under the same bounds.
//
// Everything is bounded: 64 KB a body, a token bucket and a share of the
// connections an address, requests in progress, hosts. When full the answer is 503 with Retry-After; one address
// that asks too often gets 429. Errors are JSON: {"error": "..."}. Times are
// RFC 3339 UTC.
package sensor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/shared/drift"
)

// Limits, stated once.
const (
	maxConns       = 512
	maxConnsEach   = 64  // of one address
	maxBusy        = 64  // requests being worked on
	requestsPerSec = 10  // per address, sustained
	requestsBurst  = 120 // per address: ten sensors behind one address at their start
	retryAfter     = 5   // seconds
	stopTime       = 3 * time.Second
)

// activeFor is how long a sensor counts as active after it was heard.
const activeFor = 120 * time.Second

// Intake takes events.
type Intake interface {
	Observe(ctx context.Context, h *host.Host, e *drift.Event) error
}

// Hosts is the registry.
type Hosts interface {
	Sensor(ctx context.Context, hostname, domain, version string, nowMs int64) (host.Host, error)
	SensorNamed(hostname string) (found []host.Host)
	List() []host.Host
	// Live tells whether an agent that is taken at its word looks after a host.
	Live(h *host.Host) bool
}

// API serves sensors.
type API struct {
	siteID  string
	version string
	intake  Intake
	hosts   Hosts
	log     *slog.Logger

	beats   *beats
	linux   *linuxSensors
	sources *sources
	busy    chan struct{}
	handler http.Handler
}

// New makes the API of a site; version is the program's.
func New(siteID, version string, intake Intake, hosts Hosts, log *slog.Logger) *API {
	a := &API{
		siteID: siteID, version: version, intake: intake, hosts: hosts, log: log.With("component", "sensor"),
		beats: newBeats(), linux: &linuxSensors{of: map[string]linuxSensor{}}, sources: newSources(), busy: make(chan struct{}, maxBusy),
	}
	mux := http.NewServeMux()
	mux.Handle("/", a.guard(func(*http.Request, []byte) (any, error) { return nil, errNoSuchPath }))
	for path, do := range a.paths() {
		mux.Handle(path, a.guard(do))
		_, bare, _ := strings.Cut(path, " ")
		mux.Handle(bare, a.guard(func(*http.Request, []byte) (any, error) { return nil, errMethod }))
	}
	a.handler = mux
	return a
}

// paths are what sensors know, each with its method.
func (a *API) paths() map[string]answerer {
	return map[string]answerer{
		"POST /api/sensor/heartbeat":    a.heartbeat,
		"POST /api/sensor/drift":        a.drift,
		"POST /api/sensor/resolved":     a.resolved,
		"GET /api/sensor/status":        a.status,
		"GET /api/sensor/hosts/polling": a.polling,
		"GET /health":                   a.health,

		"POST /sensor/register":     a.register,
		"POST /sensor/heartbeat":    a.linuxHeartbeat,
		"POST /sensor/event":        a.linuxEvent,
		"GET /sensor/status":        a.linuxSensors,
		"GET /sensor/hosts/polling": a.linuxPolling,

		"GET /sensor/install.sh":           a.script("install.sh"),
		"GET /sensor/uninstall.sh":         a.script("uninstall.sh"),
		"GET /sensor/osiriscare-sensor.sh": a.script("osiriscare-sensor.sh"),
	}
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Serve accepts sensors on l until ctx ends.
func (a *API) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: a, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 15 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(share(l, maxConnsEach), maxConns)) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		return server.Close()
	}
	return nil
}

// answerer works on one request whose body has been read.
type answerer func(r *http.Request, body []byte) (any, error)

// Errors with an answer of their own.
var (
	errNoSuchPath = errors.New("there is no such path")
	errMethod     = errors.New("the path does not take this method")
	errFull       = errors.New("the appliance is busy; try again later")
	errOften      = errors.New("too many requests from this address; try again later")
	errAmbiguous  = errors.New("more than one host has this name; a resolution cannot say which one it is for")
)

// guard is what every request goes through.
func (a *API) guard(do answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := a.answer(w, r, do)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		if text, ok := out.(scriptText); ok {
			a.writeScript(r.Context(), w, text)
			return
		}
		a.write(r.Context(), w, http.StatusOK, out)
	})
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, do answerer) (any, error) {
	if !a.sources.allow(r.RemoteAddr) {
		return nil, errOften
	}
	// The body first: who sends it slowly holds only the own connection.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, drift.MaxBody))
	if err != nil {
		return nil, err
	}
	select {
	case a.busy <- struct{}{}:
		defer func() { <-a.busy }()
	default:
		return nil, errFull
	}
	return do(r, body)
}

// refuse says what is wrong, in JSON, with the code that fits.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code, text := http.StatusInternalServerError, "internal error"
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errNoSuchPath):
		code = http.StatusNotFound
	case errors.Is(err, errMethod):
		code = http.StatusMethodNotAllowed
	case errors.Is(err, errOften):
		code = http.StatusTooManyRequests
	case errors.Is(err, errFull), errors.Is(err, host.ErrFull):
		code = http.StatusServiceUnavailable
	case errors.Is(err, errAmbiguous):
		code = http.StatusConflict
	case errors.As(err, &tooLarge), errors.Is(err, drift.ErrTooLarge):
		code = http.StatusRequestEntityTooLarge
	case errors.Is(err, drift.ErrMalformed):
		code = http.StatusBadRequest
	}
	if code != http.StatusInternalServerError {
		text = err.Error()
		a.log.DebugContext(r.Context(), "request refused", "path", r.URL.Path, "from", r.RemoteAddr, "error", err)
	} else {
		a.log.ErrorContext(r.Context(), "request went wrong", "path", r.URL.Path, "from", r.RemoteAddr, "error", err)
	}
	if code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	a.write(r.Context(), w, code, map[string]string{"error": text})
}

func (a *API) write(ctx context.Context, w http.ResponseWriter, code int, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(out); err != nil {
		a.log.DebugContext(ctx, "answer not written", "error", err)
	}
}
