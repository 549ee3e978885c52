// Package status says how the appliance is: /healthz for whoever watches the
// service and /metrics for Prometheus, on a port of its own that should stay on
// loopback. /healthz answers 200 while evidence can be written and 503 with the
// reason when it cannot; Central being away is not ill health, because nothing
// here depends on it. Each look writes a little to find out. Nor is a refusal of Central's, but a person must look:
// /healthz has its words and /metrics a number to alarm on. Loops that ask hosts are
// told there too: a dead host is not ill health, a loop that stands still is.
package status

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readTime bounds one look at the numbers.
const readTime = 2 * time.Second

// Numbers is how the appliance is now.
type Numbers struct {
	Sessions  int    `json:"sessions"`
	Hosts     int    `json:"hosts"`
	DisksFull int    `json:"agents_disk_full"` // agents that can keep nothing
	Incidents uint32 `json:"open_incidents"`
	Waiting   uint64 `json:"evidence_waiting"` // bundles not logged yet
	Logged    uint64 `json:"evidence_logged"`
	Witnessed uint64 `json:"evidence_witnessed"`
	// Unwritten is why evidence cannot be written; empty while it can.
	Unwritten string `json:"evidence_failing"`
	Away      bool   `json:"central_away"`
	// What Central said when it refused; empty while it takes things.
	EvidenceRefused string `json:"evidence_refused"`
	CheckInRefused  string `json:"check_in_refused"`
	// Agents' programs that were halted, and why the folder of them is refused.
	UpdatesHalted  int    `json:"updates_halted"`
	UpdatesRefused string `json:"updates_refused"`
}

// Source reads the numbers; an error means that the store is not well.
type Source interface {
	Numbers(ctx context.Context) (Numbers, error)
}

// Status serves.
type Status struct {
	version string
	source  Source
	loops   Loops
	log     *slog.Logger
	handler http.Handler
}

// New makes the handlers.
func New(version string, source Source, loops Loops, log *slog.Logger) *Status {
	s := &Status{version: version, source: source, loops: loops, log: log.With("component", "status")}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &collector{source}, loops)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 2 * readTime, ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /healthz", s.health)
	s.handler = mux
	return s
}

// ServeHTTP implements http.Handler.
func (s *Status) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Status) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	out := struct {
		Status  string `json:"status"`
		Version string `json:"version"`
		Numbers
		Loops []loopJSON `json:"loops"`
	}{Status: "ok", Version: s.version}
	code := http.StatusOK
	var still, ill []string
	if out.Loops, still = describe(s.loops.running(), time.Now()); len(still) > 0 {
		ill = append(ill, "standing still: "+strings.Join(still, ", "))
	}
	numbers, err := s.source.Numbers(ctx)
	if out.Numbers = numbers; err != nil {
		ill = append(ill, "the store cannot be read")
	}
	if numbers.Unwritten != "" {
		ill = append(ill, "evidence cannot be written")
	}
	if len(ill) > 0 {
		s.log.ErrorContext(ctx, "health is bad", "reasons", ill, "error", err, "evidence_failing", numbers.Unwritten)
		out.Status, code = strings.Join(ill, "; "), http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(out); err != nil {
		s.log.DebugContext(ctx, "answer not written", "error", err)
	}
}

// Serve answers on l until ctx ends.
func (s *Status) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}
