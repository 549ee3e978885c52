package sensor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/osiriscare/osiris/shared/drift"
)

// LinuxBeat is the body of a Linux sensor's heartbeat.
type LinuxBeat struct {
	SensorID  string `json:"sensor_id"`
	Hostname  string `json:"hostname"`
	Version   string `json:"version"`
	Uptime    int64  `json:"uptime"` // seconds
	Timestamp string `json:"timestamp"`
}

// Registration is the body with which a Linux sensor asks for its id.
type Registration struct {
	Hostname  string `json:"hostname"`
	OSVersion string `json:"os_version"`
	Kernel    string `json:"kernel"`
}

// DecodeLinuxBeat reads and checks a body.
func DecodeLinuxBeat(body []byte) (*LinuxBeat, error) {
	b := &LinuxBeat{}
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), b); err != nil {
		return nil, fmt.Errorf("decoding heartbeat: %w: %w", drift.ErrMalformed, err)
	}
	if err := hostname(b.Hostname); err != nil {
		return nil, fmt.Errorf("decoding heartbeat: %w", err)
	}
	if b.SensorID == "" {
		return nil, fmt.Errorf("decoding heartbeat: %w: sensor_id is empty", drift.ErrMalformed)
	}
	if err := words("sensor_id", b.SensorID, "version", b.Version); err != nil {
		return nil, fmt.Errorf("decoding heartbeat: %w", err)
	}
	if b.Uptime < 0 {
		return nil, fmt.Errorf("decoding heartbeat: %w: uptime is negative", drift.ErrMalformed)
	}
	return b, nil
}

// DecodeRegistration reads and checks a body. What the machine says about its
// system is read and not kept: the first scan says it better.
func DecodeRegistration(body []byte) (*Registration, error) {
	r := &Registration{}
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), r); err != nil {
		return nil, fmt.Errorf("decoding registration: %w: %w", drift.ErrMalformed, err)
	}
	if err := hostname(r.Hostname); err != nil {
		return nil, fmt.Errorf("decoding registration: %w", err)
	}
	return r, nil
}

// hostname refuses what no log line should carry.
func hostname(s string) error {
	if s == "" {
		return fmt.Errorf("%w: hostname is empty", drift.ErrMalformed)
	}
	return printable("hostname", s)
}

func printable(name, s string) error {
	if len(s) > maxName {
		return fmt.Errorf("%w: %s has %d bytes, at most %d", drift.ErrTooLarge, name, len(s), maxName)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }) {
		return fmt.Errorf("%w: %s %.80q has a blank or control character", drift.ErrMalformed, name, s)
	}
	return nil
}

// words bounds pairs of name and value.
func words(pairs ...string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if s := pairs[i+1]; len(s) > maxWord {
			return fmt.Errorf("%w: %s has %d bytes, at most %d", drift.ErrTooLarge, pairs[i], len(s), maxWord)
		}
	}
	return nil
}

// linuxSensor is what a Linux sensor said last.
type linuxSensor struct {
	id       string
	version  string
	uptime   int64
	events   int64
	lastType string
	beatAt   time.Time // zero when no heartbeat came yet
}

// linuxSensors remembers the Linux sensor of each host record, in memory. It has
// no bound of its own: only hosts that the registry took get in.
type linuxSensors struct {
	mu sync.Mutex
	of map[string]linuxSensor // by host id
}

func (l *linuxSensors) change(hostID string, do func(*linuxSensor)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.of[hostID]
	do(&s)
	l.of[hostID] = s
}

func (l *linuxSensors) get(hostID string) (linuxSensor, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.of[hostID]
	return s, ok
}
