package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// Ports are the loopback ports of the programs; 0 is filled in with a free one.
// They are chosen before the start, because a program that is started again
// must come back where the others know it.
type Ports struct {
	// Web is the dashboard, API what appliances and osirisctl call.
	Web, API int
	// Agent serves agents, Fallback those that it does not reach, Sensor legacy
	// sensors, Status health and metrics.
	Agent, Fallback, Sensor, Status int
}

// Check tells whether the ports that are given are free now, so that a person
// need not wait for a build to hear of a busy one.
func (p Ports) Check(ctx context.Context) error { return p.fill(ctx) }

// fill takes each port that is given, and a free one for each that is not. A
// busy port is an error that names it.
func (p *Ports) fill(ctx context.Context) (err error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			err = errors.Join(err, l.Close())
		}
	}()
	var config net.ListenConfig
	for _, port := range []struct {
		what string
		at   *int
	}{{"the dashboard", &p.Web}, {"Central's API", &p.API}, {"agents", &p.Agent}, {"agents' fallback", &p.Fallback}, {"sensors", &p.Sensor}, {"the appliance's status", &p.Status}} {
		l, err := config.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", *port.at))
		if err != nil {
			return fmt.Errorf("port %d for %s is busy or not allowed: %w", *port.at, port.what, err)
		}
		held = append(held, l)
		if a, ok := l.Addr().(*net.TCPAddr); ok {
			*port.at = a.Port
		}
	}
	return nil
}
