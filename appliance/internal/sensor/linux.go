package sensor

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/shared/drift"
)

// Legacy Linux sensors speak a dialect of their own under /sensor. Field names
// and shapes are the contract; nothing may be renamed.

// How often a Linux sensor is told to check and to send a heartbeat, seconds.
const (
	linuxCheckEvery = 10
	linuxBeatEvery  = 60
)

// register gives a sensor the two words that it wants to keep. Neither proves
// anything later: whoever can reach this port can have a pair.
func (a *API) register(r *http.Request, body []byte) (any, error) {
	b, err := DecodeRegistration(body)
	if err != nil {
		return nil, err
	}
	h, err := a.hosts.Sensor(r.Context(), b.Hostname, "", "", time.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	sensorID := "lsens-" + random(8)
	a.linux.change(h.ID, func(s *linuxSensor) { s.id, s.version = sensorID, "pending" })
	a.beats.seen(h.ID)
	return map[string]any{
		"sensor_id": sensorID, "api_key": random(32), "check_interval": linuxCheckEvery, "heartbeat_interval": linuxBeatEvery,
	}, nil
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, by its documentation
	return hex.EncodeToString(b)
}

func (a *API) linuxHeartbeat(r *http.Request, body []byte) (any, error) {
	b, err := DecodeLinuxBeat(body)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	h, err := a.hosts.Sensor(r.Context(), b.Hostname, "", b.Version, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	a.linux.change(h.ID, func(s *linuxSensor) {
		s.id, s.version, s.uptime, s.beatAt = b.SensorID, b.Version, b.Uptime, now
	})
	a.beats.seen(h.ID)
	return map[string]any{
		"status": "ok", "mode": "sensor", "server_time": now.UTC().Format(time.RFC3339Nano), "next_heartbeat_in": linuxBeatEvery,
	}, nil
}

func (a *API) linuxEvent(r *http.Request, body []byte) (any, error) {
	d, err := drift.DecodeLinuxSensorEvent(body)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	h, err := a.hosts.Sensor(r.Context(), d.Hostname, "", "", now.UnixMilli())
	if err != nil {
		return nil, err
	}
	e := d.Event(drift.Origin{Site: a.siteID, HostID: h.ID, ReceivedAt: now})
	if err := a.intake.Observe(r.Context(), &h, &e); err != nil {
		return nil, err
	}
	a.linux.change(h.ID, func(s *linuxSensor) {
		s.id, s.events, s.lastType = d.SensorID, s.events+1, d.CheckType
	})
	a.beats.seen(h.ID)
	// The sensor's time to the second, as the id always had it.
	at := d.Timestamp[:min(len(d.Timestamp), len("2006-01-02T15:04:05"))]
	return map[string]any{
		"status": "received", "healing_queued": true, "event_id": d.SensorID + "-" + d.CheckType + "-" + at,
	}, nil
}

// linuxStatus is one line of the status reply.
type linuxStatus struct {
	SensorID      string  `json:"sensor_id"`
	Hostname      string  `json:"hostname"`
	Version       string  `json:"version"`
	LastHeartbeat string  `json:"last_heartbeat"`
	AgeSeconds    int64   `json:"age_seconds"`
	Active        bool    `json:"active"`
	Uptime        int64   `json:"uptime"`
	EventCount    int64   `json:"event_count"`
	LastEventType *string `json:"last_event_type"`
}

func (a *API) linuxSensors(*http.Request, []byte) (any, error) {
	sensors := make([]linuxStatus, 0)
	active := 0
	for _, h := range a.hosts.List() {
		known, ok := a.linux.get(h.ID)
		if h.Source != host.SourceSensor || !ok {
			continue
		}
		line := a.line(h)
		s := linuxStatus{
			SensorID: known.id, Hostname: h.Hostname, Version: known.version, AgeSeconds: int64(line.AgeSeconds),
			Active: line.Active, Uptime: known.uptime, EventCount: known.events,
		}
		if !known.beatAt.IsZero() {
			s.LastHeartbeat = known.beatAt.UTC().Format(time.RFC3339Nano)
		}
		if known.lastType != "" {
			s.LastEventType = &known.lastType
		}
		if s.Active {
			active++
		}
		sensors = append(sensors, s)
	}
	return map[string]any{
		"sensors": sensors, "total": len(sensors), "active": active, "sensor_timeout_seconds": int(activeFor.Seconds()),
	}, nil
}

// linuxPolling is polling with the Linux sensors' hosts only, as that dialect's
// name for it always was.
func (a *API) linuxPolling(r *http.Request, _ []byte) (any, error) {
	return a.uncovered(r, func(h host.Host) bool {
		_, ok := a.linux.get(h.ID)
		return ok
	}), nil
}
