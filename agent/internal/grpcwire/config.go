package grpcwire

import (
	"crypto/tls"
	"time"
)

// Config says whom to call and how much the peer may cost us. Zero values mean
// the defaults named here.
type Config struct {
	Addr string      // host:port
	TLS  *tls.Config // copied; ALPN is set by Dial, ServerName defaults to Addr's host

	Authority string // :authority; default Addr
	UserAgent string // default "osiris-agent"

	MaxSend       int // longest message up; default 256 KB, what the appliance accepts (DESIGN D25)
	MaxReceive    int // longest message down; default 1 MB
	MaxHeaderList int // header list either way as RFC 9113 counts it; default and most 16 KB
	MaxStreams    int // calls at a time, more wait; default 100
	Window        int // bytes in flight per call; default 64 KB, least 65,535

	// A PING is sent PingInterval after the last one was answered, and the
	// connection ends PingTimeout later unless something arrived (and at the
	// latest after four times that without the answer). Default 15 s each. A
	// grpc-go server must permit this: its default policy sends GOAWAY
	// "too_many_pings" on the third.
	PingInterval time.Duration
	PingTimeout  time.Duration

	// Frames that cost the peer nothing (PING, SETTINGS, RST_STREAM,
	// WINDOW_UPDATE, PRIORITY, GOAWAY, unknown types, empty DATA) are taken from
	// a budget: ControlBurst at first and at most, default 1,000, refilled by
	// ControlPerSecond, default 20, and by each frame we send.
	ControlBurst     int
	ControlPerSecond int

	_ [0]func() // nobody compares: saves the function that would, 0.5 KB
}

func (c *Config) fill() {
	c.Authority = orString(c.Authority, orString(c.Addr, "localhost"))
	c.UserAgent = orString(c.UserAgent, "osiris-agent")
	c.MaxSend = orInt(c.MaxSend, 256<<10)
	c.MaxReceive = orInt(c.MaxReceive, 1<<20)
	// One header block always fits one frame, so we never send CONTINUATION.
	c.MaxHeaderList = min(orInt(c.MaxHeaderList, maxFrame), maxFrame)
	c.MaxStreams = orInt(c.MaxStreams, 100)
	// Not below the protocol's default, which the peer may use until our
	// SETTINGS reach it.
	c.Window = min(max(orInt(c.Window, 64<<10), defaultWindow), maxWindow)
	c.ControlBurst = orInt(c.ControlBurst, 1000)
	c.ControlPerSecond = orInt(c.ControlPerSecond, 20)
	if c.PingInterval <= 0 {
		c.PingInterval = 15 * time.Second
	}
	if c.PingTimeout <= 0 {
		c.PingTimeout = 15 * time.Second
	}
}

func orInt(v, def int) int {
	if v <= 0 {
		return def
	}
	return v
}

func orString(v, def string) string {
	if v == "" {
		return def
	}
	return v
}
