package sensor

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/shared/drift"
)

// Field names and shapes below are the contract; nothing may be renamed.

func (a *API) heartbeat(r *http.Request, body []byte) (any, error) {
	b, err := DecodeBeat(body)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	h, err := a.hosts.Sensor(r.Context(), b.Hostname, b.domain(), b.SensorVersion, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	a.beats.beat(h.ID, *b)
	return map[string]any{
		"status": "ok", "mode": "sensor", "server_time": now.UTC().Format(time.RFC3339Nano), "next_heartbeat_in": 60,
	}, nil
}

func (a *API) drift(r *http.Request, body []byte) (any, error) {
	d, err := drift.DecodeSensorDrift(body)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	h, err := a.hosts.Sensor(r.Context(), d.Hostname, d.Domain, d.SensorVersion, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	e := d.Event(drift.Origin{Site: a.siteID, HostID: h.ID, ReceivedAt: now})
	if err := a.intake.Observe(r.Context(), &h, &e); err != nil {
		return nil, err
	}
	a.beats.seen(h.ID)
	return map[string]any{
		"status": "received", "healing_queued": true, "event_id": d.Hostname + "-" + d.DriftType + "-" + d.DetectedAt,
	}, nil
}

func (a *API) resolved(r *http.Request, body []byte) (any, error) {
	d, err := drift.DecodeSensorResolved(body)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var h host.Host
	switch found := a.hosts.SensorNamed(d.Hostname); len(found) {
	case 0:
		h, err = a.hosts.Sensor(r.Context(), d.Hostname, "", "", now.UnixMilli())
	case 1:
		h, err = a.hosts.Sensor(r.Context(), found[0].Hostname, found[0].Domain, "", now.UnixMilli())
	default:
		err = errAmbiguous
	}
	if err != nil {
		return nil, err
	}
	e := d.Event(drift.Origin{Site: a.siteID, HostID: h.ID, ReceivedAt: now})
	if err := a.intake.Observe(r.Context(), &h, &e); err != nil {
		return nil, err
	}
	a.beats.seen(h.ID)
	return map[string]any{"status": "acknowledged"}, nil
}

// sensorStatus is one line of the status reply.
type sensorStatus struct {
	Hostname      string  `json:"hostname"`
	Domain        *string `json:"domain"`
	SensorVersion string  `json:"sensor_version"`
	LastHeartbeat string  `json:"last_heartbeat"`
	AgeSeconds    float64 `json:"age_seconds"`
	Active        bool    `json:"active"`
	Compliant     bool    `json:"compliant"`
	DriftCount    int     `json:"drift_count"`
	Mode          string  `json:"mode"`
}

func (a *API) status(*http.Request, []byte) (any, error) {
	sensors := make([]sensorStatus, 0)
	active := 0
	for _, h := range a.hosts.List() {
		if h.Source != host.SourceSensor {
			continue
		}
		s := a.line(h)
		if s.Active {
			active++
		}
		sensors = append(sensors, s)
	}
	return map[string]any{
		"sensors": sensors, "total": len(sensors), "active": active, "sensor_timeout_seconds": int(activeFor.Seconds()),
	}, nil
}

func (a *API) line(h host.Host) sensorStatus {
	last := time.UnixMilli(h.LastSeenMs)
	s := sensorStatus{Hostname: h.Hostname, SensorVersion: h.AgentVersion, Mode: "sensor"}
	if h.Domain != "" {
		s.Domain = &h.Domain
	}
	if b, ok := a.beats.get(h.ID); ok {
		last = b.last
		if !b.at.IsZero() {
			s.Compliant, s.DriftCount, s.Mode = b.beat.Compliant, b.beat.DriftCount, b.beat.Mode
			s.LastHeartbeat = b.at.UTC().Format(time.RFC3339Nano)
		}
	}
	age := time.Since(last)
	s.AgeSeconds, s.Active = max(0, age.Seconds()), age < activeFor
	return s
}

// polling says which of the given hosts nobody looks after: no active sensor and
// no agent with a session. A name matches exactly, in any case, short or with the
// domain that the sensor or agent states.
func (a *API) polling(r *http.Request, _ []byte) (any, error) {
	return a.uncovered(r, func(host.Host) bool { return true }), nil
}

// uncovered answers for the sensors that mine picks. Agents cover their hosts
// whoever asks; they are not named among the sensors.
func (a *API) uncovered(r *http.Request, mine func(host.Host) bool) any {
	covered := map[string]bool{}
	names := make([]string, 0)
	for _, h := range a.hosts.List() {
		switch {
		case a.hosts.Live(&h):
		case h.Source == host.SourceSensor && mine(h) && a.line(h).Active:
			names = append(names, h.Hostname)
		default:
			continue
		}
		covered[strings.ToLower(h.Hostname)] = true
		if h.Domain != "" {
			covered[strings.ToLower(h.Hostname+"."+h.Domain)] = true
		}
	}
	slices.Sort(names)
	total, polling := 0, make([]string, 0)
	for name := range strings.SplitSeq(r.URL.Query().Get("all_hosts"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		total++
		if !covered[strings.ToLower(name)] {
			polling = append(polling, name)
		}
	}
	return map[string]any{
		"total_hosts": total, "sensor_hosts": len(names), "sensor_hostnames": names,
		"polling_hosts": polling, "polling_count": len(polling),
	}
}

func (a *API) health(*http.Request, []byte) (any, error) {
	return map[string]string{"status": "healthy", "version": a.version}, nil
}
