package host

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/id"
	"github.com/osiriscare/osiris/appliance/internal/store"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

//go:embed schema.sql
var schema string

// Schema are this package's tables.
var Schema = store.Schema{Owner: "host", Steps: []string{schema, targetSchema}}

// saveEvery is how often liveness is written down: what a crash may forget.
const saveEvery = time.Minute

// Registry has every host in memory: some 300 bytes each.
type Registry struct {
	store *store.Store

	held      func(agentID string) bool // may be nil
	confirmed func(h *Host) bool        // may be nil

	mu      sync.RWMutex
	hosts   map[string]*Host  // by host id
	agents  map[string]*Host  // by agent id
	sensors map[string]*Host  // by nameKey
	targets map[string]string // host ids by target id
	aliases map[string]string // which host another one is
	dirty   map[string]bool
}

// New reads the stored hosts.
func New(ctx context.Context, st *store.Store) (*Registry, error) {
	r := &Registry{store: st, hosts: map[string]*Host{}, agents: map[string]*Host{}, sensors: map[string]*Host{}, dirty: map[string]bool{}, targets: map[string]string{}, aliases: map[string]string{}}
	rows, err := st.Reader().QueryContext(ctx, "SELECT "+columns+" FROM host")
	if err != nil {
		return nil, fmt.Errorf("reading hosts: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		h, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("reading hosts: %w", err)
		}
		r.index(h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading hosts: %w", err)
	}
	return r, r.readTargets(ctx)
}

func (r *Registry) index(h *Host) {
	r.hosts[h.ID] = h
	switch h.Source {
	case SourceSensor:
		r.sensors[nameKey(h.Hostname, h.Domain)] = h
	case SourceAgent:
		r.agents[h.AgentID] = h
	}
}

func nameKey(hostname, domain string) string {
	return strings.ToLower(hostname) + "\x00" + strings.ToLower(domain)
}

// Enrol makes the host of a new agent inside tx. The caller calls Add with it
// once the transaction is durable.
func Enrol(ctx context.Context, tx *store.Tx, agentID string, f *compliancev1.HostFacts, nowMs int64) (Host, error) {
	h := Fresh(agentID, "")
	h.FirstSeenMs, h.LastSeenMs = nowMs, nowMs
	h.describe(f)
	return h, insert(ctx, tx, &h)
}

// Fresh is an agent's host that nothing is known of yet.
func Fresh(agentID, hostname string) Host {
	return Host{ID: id.New(id.Host), Source: SourceAgent, AgentID: agentID, Hostname: hostname}
}

// Restore stores a host that another copy of this store had. The caller calls
// Add with it once the transaction is durable.
func Restore(ctx context.Context, tx *store.Tx, h *Host) error {
	h.FirstSeenMs = h.LastSeenMs
	return insert(ctx, tx, h)
}

// Add makes an enrolled host known.
func (r *Registry) Add(h Host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index(&h)
}

// Agent is the host of an agent.
func (r *Registry) Agent(agentID string) (Host, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	h := r.agents[agentID]
	if h == nil {
		return Host{}, false
	}
	return *h, true
}

// Describe takes what an agent says at the start of a session.
func (r *Registry) Describe(agentID string, f *compliancev1.HostFacts, nowMs int64) {
	r.change(agentID, func(h *Host) {
		h.describe(f)
		h.LastSeenMs = nowMs
	})
}

// Seen records a sign of life and how many records the agent has lost so far.
func (r *Registry) Seen(agentID string, dropped uint64, nowMs int64) {
	r.change(agentID, func(h *Host) {
		h.LastSeenMs, h.Dropped = nowMs, max(h.Dropped, dropped)
	})
}

// DiskFull says whether the agent's disk takes no writes. changed tells whether
// that is news; h is the host then.
func (r *Registry) DiskFull(agentID string, full bool) (h Host, changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.agents[agentID]
	if known == nil || known.DiskFull == full {
		return Host{}, false
	}
	known.DiskFull = full
	return *known, true
}

// Connected says whether the agent has a session.
func (r *Registry) Connected(agentID string, open bool, nowMs int64) {
	r.change(agentID, func(h *Host) { h.Connected, h.LastSeenMs = open, nowMs })
}

func (r *Registry) change(agentID string, do func(*Host)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.agents[agentID]; h != nil {
		do(h)
		r.dirty[h.ID] = true
	}
}

// Sensor finds or makes the record of a legacy sensor by the exact name and
// domain it states.
func (r *Registry) Sensor(ctx context.Context, hostname, domain, version string, nowMs int64) (Host, error) {
	r.mu.Lock()
	if h := r.sensors[nameKey(hostname, domain)]; h != nil {
		defer r.mu.Unlock()
		h.LastSeenMs = nowMs
		if version != "" {
			h.AgentVersion = clean(version)
		}
		r.dirty[h.ID] = true
		return *h, nil
	}
	full := len(r.sensors) >= maxAsserted
	r.mu.Unlock()
	if full {
		return Host{}, ErrFull
	}
	h := Host{
		ID: id.New(id.Host), Source: SourceSensor, Hostname: clean(hostname), Domain: clean(domain),
		AgentVersion: clean(version), FirstSeenMs: nowMs, LastSeenMs: nowMs,
	}
	err := r.store.Write(ctx, func(tx *store.Tx) error { return insert(ctx, tx, &h) })
	if err != nil {
		return Host{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if have := r.sensors[nameKey(hostname, domain)]; have != nil {
		return *have, nil // another request made it meanwhile
	}
	r.index(&h)
	return h, nil
}

// SensorNamed finds the records of sensors with this name in any domain: a
// resolution states none.
func (r *Registry) SensorNamed(hostname string) (found []Host) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, h := range r.sensors {
		if strings.EqualFold(h.Hostname, hostname) {
			found = append(found, *h)
		}
	}
	return found
}

// List gives all hosts, oldest first.
func (r *Registry) List() []Host {
	r.mu.RLock()
	out := make([]Host, 0, len(r.hosts))
	for _, h := range r.hosts {
		out = append(out, *h)
	}
	r.mu.RUnlock()
	slices.SortFunc(out, func(a, b Host) int {
		return cmp.Or(cmp.Compare(a.FirstSeenMs, b.FirstSeenMs), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Run writes liveness down until ctx ends, and once more then.
func (r *Registry) Run(ctx context.Context) error {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := r.save(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		case <-ctx.Done():
			return r.save(context.WithoutCancel(ctx))
		}
	}
}

func (r *Registry) save(ctx context.Context) error {
	r.mu.Lock()
	changed := make([]Host, 0, len(r.dirty))
	for id := range r.dirty {
		changed = append(changed, *r.hosts[id])
	}
	clear(r.dirty)
	r.mu.Unlock()
	for part := range slices.Chunk(changed, 256) {
		err := r.store.Write(ctx, func(tx *store.Tx) error {
			for i := range part {
				if err := update(ctx, tx, &part[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("writing down liveness: %w", err)
		}
	}
	return nil
}
