package sensor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/osiriscare/osiris/shared/drift"
)

// Beat is the body of a heartbeat. Its drift count is shown, not believed:
// deployed sensors miscount a single drift.
type Beat struct {
	Hostname      string  `json:"hostname"`
	Domain        *string `json:"domain"`
	SensorVersion string  `json:"sensor_version"`
	Timestamp     string  `json:"timestamp"`
	DriftCount    int     `json:"drift_count"`
	HasCritical   bool    `json:"has_critical"`
	Compliant     bool    `json:"compliant"`
	UptimeSeconds *int64  `json:"uptime_seconds"`
	Mode          string  `json:"mode"`
}

// maxName is the longest host or domain name, as in DNS; maxWord of other words.
const (
	maxName = 253
	maxWord = 64
)

// DecodeBeat reads and checks a body.
func DecodeBeat(body []byte) (*Beat, error) {
	b := &Beat{Mode: "sensor"}
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), b); err != nil {
		return nil, fmt.Errorf("decoding heartbeat: %w: %w", drift.ErrMalformed, err)
	}
	if err := hostname(b.Hostname); err != nil {
		return nil, fmt.Errorf("decoding heartbeat: %w", err)
	}
	if err := printable("domain", b.domain()); err != nil {
		return nil, fmt.Errorf("decoding heartbeat: %w", err)
	}
	if err := words("sensor_version", b.SensorVersion, "mode", b.Mode); err != nil {
		return nil, fmt.Errorf("decoding heartbeat: %w", err)
	}
	return b, nil
}

func (b *Beat) domain() string {
	if b.Domain == nil {
		return ""
	}
	return *b.Domain
}

// beats remembers the newest heartbeat of each host record. It has no bound of
// its own: only hosts that the registry took get in.
type beats struct {
	mu  sync.Mutex
	of  map[string]heard // by host id
	now func() time.Time
}

// heard is a heartbeat and when it came.
type heard struct {
	beat Beat
	at   time.Time // of the heartbeat; zero when none came yet
	last time.Time // of anything
}

func newBeats() *beats { return &beats{of: map[string]heard{}, now: time.Now} }

func (b *beats) beat(hostID string, beat Beat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.of[hostID] = heard{beat: beat, at: now, last: now}
}

// seen refreshes liveness: a drift or a resolution counts too.
func (b *beats) seen(hostID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.of[hostID]
	h.last = b.now()
	b.of[hostID] = h
}

func (b *beats) get(hostID string) (heard, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, ok := b.of[hostID]
	return h, ok
}
