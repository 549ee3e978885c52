package posture

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// serviceChecks are those that a device's ports decide.
var serviceChecks = [...]check.ID{
	check.NetworkCertificates, check.NetworkDatabases, check.NetworkFileSharing, check.NetworkRemoteAccess, check.NetworkTLS,
}

// Causes of a verdict, as events spell them.
const (
	causeFirst     = "first"
	causeChange    = "change"
	causeHeartbeat = "heartbeat"
)

// judge makes the verdicts on what a device's ports showed.
func (s *Scanner) judge(o *sight) []check.Verdict {
	out := make([]check.Verdict, 0, len(serviceChecks)+1)
	for _, id := range serviceChecks {
		out = append(out, check.Judge(id, o.facts(id), s.Policy.Parameters(id)))
	}
	return out
}

// judgeDevice makes the verdict on a device being there, which needs no connection.
func (s *Scanner) judgeDevice(d *device) check.Verdict {
	var f check.Facts
	for _, a := range d.Addresses {
		f.Add(check.FactDeviceAddress, a.String())
	}
	for _, fact := range []check.Fact{
		{Name: check.FactDeviceMAC, Value: d.MAC},
		{Name: check.FactDeviceVendor, Value: d.Vendor},
		{Name: check.FactDeviceRandom, Value: word(d.Private())},
		{Name: check.FactDeviceSince, Value: d.First.UTC().Format(time.RFC3339)},
		{Name: check.FactDeviceNew, Value: word(d.New())},
		{Name: check.FactDeviceAlso, Value: d.also},
	} {
		if fact.Value != "" {
			f = append(f, fact)
		}
	}
	return check.Judge(check.NetworkDevices, f, s.Policy.Parameters(check.NetworkDevices))
}

func word(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// unseen are the verdicts on a device that is away: unknown, which clears nothing
// (D17).
func unseen(since time.Time) []check.Verdict {
	reason := "The device was not seen since " + since.UTC().Format(time.RFC3339) + "."
	return append(unknown(reason), check.Verdict{Check: check.NetworkDevices, Status: check.Unknown, Reason: reason})
}

// unlooked are the verdicts on the ports of a device that some sweeps left.
func unlooked(sweeps int) []check.Verdict {
	return unknown(fmt.Sprintf("The device is there, and the time of %d sweeps did not suffice to look at it.", sweeps))
}

func unknown(reason string) []check.Verdict {
	out := make([]check.Verdict, 0, len(serviceChecks)+1)
	for _, id := range serviceChecks {
		out = append(out, check.Verdict{Check: id, Status: check.Unknown, Reason: reason})
	}
	return out
}

// record is what the registry of hosts knows a device by: its key. The name is for
// people only, and has the MAC since two devices may have had one address.
func record(d Device) host.Target {
	name := "device " + strings.ReplaceAll(join(d.Addresses), ",", ", ")
	if d.Key == d.MAC {
		name += " (" + d.MAC + ")"
	}
	return host.Target{ID: "network/" + d.Key, Hostname: name}
}

// tell reports verdicts: those that changed one by one, so that each change is its
// own evidence, and otherwise the whole state, which intake proves once an hour. here
// says that the device was seen in this sweep.
func (s *Scanner) tell(ctx context.Context, d Device, m *memory, verdicts []check.Verdict, at time.Time, here bool) error {
	h, err := s.Hosts.Target(ctx, record(d))
	if err != nil {
		return err
	}
	if here {
		s.Hosts.Answered(h.ID, at.UnixMilli())
	}
	changed, known := m.news(verdicts)
	if len(changed) > 0 {
		return s.tellEach(ctx, &h, m, changed, at)
	}
	cause := causeHeartbeat
	if !known {
		cause = causeFirst
	}
	state := &drift.State{Cause: cause}
	for _, v := range verdicts {
		state.Verdicts = append(state.Verdicts, script.Known(v, cause, at))
	}
	e := &drift.Event{Source: drift.SourceNetwork, Asserted: true, Kind: drift.KindState, State: state, AgentTime: at, ReceivedTime: at}
	if err := s.Intake.Observe(ctx, &h, e); err != nil {
		return fmt.Errorf("telling the state of %s: %w", h.Hostname, err)
	}
	m.say(verdicts...)
	return nil
}

// tellChanges reports some verdicts on a device that is there.
func (s *Scanner) tellChanges(ctx context.Context, d Device, m *memory, verdicts []check.Verdict, at time.Time) error {
	h, err := s.Hosts.Target(ctx, record(d))
	if err != nil {
		return err
	}
	s.Hosts.Answered(h.ID, at.UnixMilli())
	return s.tellEach(ctx, &h, m, verdicts, at)
}

func (s *Scanner) tellEach(ctx context.Context, h *host.Host, m *memory, verdicts []check.Verdict, at time.Time) error {
	for _, v := range verdicts {
		told := script.Known(v, causeChange, at)
		e := &drift.Event{Source: drift.SourceNetwork, Asserted: true, Kind: drift.KindVerdict, Verdict: &told, AgentTime: at, ReceivedTime: at}
		if err := s.Intake.Observe(ctx, h, e); err != nil {
			return fmt.Errorf("telling of %s on %s: %w", v.Check, h.Hostname, err)
		}
		m.say(v)
	}
	return nil
}
