package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// checkID is the check that the script breaks.
const checkID = "sysctl_hardening"

// hardened is a file that passes the check.
const hardened = `# Kernel hardening of this computer.
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 1
kernel.randomize_va_space = 2
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.tcp_syncookies = 1
`

// hardeningFile is what the healing writes; localFile belongs to the computer's
// owner, healing does not touch it, and it is read later and wins.
const (
	hardeningFile = "60-osiris.conf"
	localFile     = "99-local.conf"
)

// Remote management software that the computer has, as the list knows it: a
// folder, and a unit that runs.
const (
	product     = "Tactical RMM"
	productUnit = "tacticalagent.service"
)

// layOut makes the computer: one setting in order, one product.
func (r *round) layOut() error {
	for path, content := range map[string]string{
		r.computer.Sysctl(hardeningFile):                            hardened,
		r.computer.Root() + "/opt/tacticalagent/tacticalagent.conf": "",
		r.computer.Root() + "/etc/systemd/system/" + productUnit:    "[Service]\nExecStart=/opt/tacticalagent/tacticalagent\n",
		// A unit that runs has a group of processes.
		r.computer.Root() + "/sys/fs/cgroup/system.slice/" + productUnit + "/cgroup.procs": "",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// signList signs the list and puts it where the appliance looks.
func (r *round) signList(ctx context.Context) error {
	said, err := r.vendor.list(ctx, r.stack.SignatureFile())
	if err == nil {
		r.show.say("%s", said)
	}
	return err
}

// productFound waits until Central shows what the list recognised.
func (r *round) productFound(ctx context.Context) error {
	return until(ctx, "the product is not seen", func(ctx context.Context) (bool, error) {
		state, err := r.check(ctx, "rmm_detection")
		if !strings.HasPrefix(state.GetActual(), product) {
			return false, err
		}
		r.show.say("found: %s", state.GetActual())
		return true, err
	})
}

// passes waits until Central shows the computer, and its check as passing.
func (r *round) passes(ctx context.Context) error {
	return until(ctx, "the check is not seen as passing", func(ctx context.Context) (bool, error) {
		hosts, err := r.listHosts(ctx)
		if err != nil {
			return false, err
		}
		r.host = ""
		for _, h := range hosts {
			if h.GetSource() == "agent" {
				r.host = h.GetHostId()
			}
		}
		if r.host == "" {
			return false, errors.New("the computer is not listed")
		}
		status, err := r.status(ctx)
		return status == "pass", err
	})
}

// status is what Central shows for the check that the script breaks.
func (r *round) status(ctx context.Context) (string, error) {
	state, err := r.check(ctx, checkID)
	return state.GetStatus(), err
}

// check is what Central shows for a check, nil when it shows nothing.
func (r *round) check(ctx context.Context, id string) (*centralv1.CheckState, error) {
	host, err := r.stack.Fleet.GetHost(ctx, connect.NewRequest(&centralv1.GetHostRequest{SiteId: r.stack.SiteID, HostId: r.host}))
	if err != nil {
		return nil, err
	}
	for _, state := range host.Msg.GetChecks() {
		if state.GetCheckId() == id {
			return state, nil
		}
	}
	return nil, nil
}

func (r *round) breakSetting(context.Context) error {
	broken := bytes.Replace([]byte(hardened), []byte("kernel.kptr_restrict = 1"), []byte("kernel.kptr_restrict = 0"), 1)
	path := r.computer.Sysctl(hardeningFile)
	r.show.say("writing kernel.kptr_restrict = 0 to %s", path)
	return os.WriteFile(path, broken, 0o644)
}

// incident waits until Central shows an incident of the check that want
// accepts.
func (r *round) incident(ctx context.Context, what string, want func(*centralv1.Incident) bool) (*centralv1.Incident, error) {
	var found *centralv1.Incident
	seen := ""
	err := until(ctx, what, func(ctx context.Context) (bool, error) {
		list, err := r.stack.Fleet.ListIncidents(ctx, connect.NewRequest(&centralv1.ListIncidentsRequest{SiteId: r.stack.SiteID, State: "all"}))
		if err != nil {
			return false, err
		}
		for _, i := range list.Msg.GetIncidents() {
			if i.GetCheckId() != checkID {
				continue
			}
			seen = fmt.Sprintf("%s, outcome %q", i.GetState(), i.GetOutcome())
			if want(i) {
				found = i
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil && seen != "" {
		return nil, fmt.Errorf("%w (the incident is %s)", err, seen)
	}
	return found, err
}

func (r *round) driftFound(ctx context.Context) error {
	i, err := r.incident(ctx, "no incident was opened", func(*centralv1.Incident) bool { return true })
	if err == nil {
		r.show.say("incident %s: %s", i.GetState(), i.GetSummary())
	}
	return err
}

func (r *round) healed(ctx context.Context) error {
	_, err := r.incident(ctx, "the incident was not resolved by healing", func(i *centralv1.Incident) bool {
		return i.GetState() == "resolved" && i.GetLevel() == "L1"
	})
	if err != nil {
		return err
	}
	path := r.computer.Sysctl(hardeningFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the healed file: %w", err)
	}
	if bytes.Contains(content, []byte("kptr_restrict = 0")) {
		return fmt.Errorf("the incident is resolved, but %s still has the broken setting", path)
	}
	return until(ctx, "the check is not seen as passing again", func(ctx context.Context) (bool, error) {
		status, err := r.status(ctx)
		return status == "pass", err
	})
}

func (r *round) breakBeyondHealing(context.Context) (err error) {
	if r.before, err = os.ReadFile(r.computer.Sysctl(hardeningFile)); err != nil {
		return fmt.Errorf("reading the healed file: %w", err)
	}
	path := r.computer.Sysctl(localFile)
	r.show.say("writing kernel.dmesg_restrict = 0 to %s, which wins over what healing writes", path)
	return os.WriteFile(path, []byte("# Somebody needs this.\nkernel.dmesg_restrict = 0\n"), 0o644)
}

func (r *round) rolledBack(ctx context.Context) error {
	if err := r.kinds(ctx, "result", "reverted"); err != nil {
		return err
	}
	path := r.computer.Sysctl(hardeningFile)
	after, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the file after the roll-back: %w", err)
	}
	if !bytes.Equal(after, r.before) {
		return fmt.Errorf("%s differs from what it was before the healing", path)
	}
	return nil
}

func (r *round) escalated(ctx context.Context) error {
	i, err := r.incident(ctx, "the incident was not escalated", func(i *centralv1.Incident) bool {
		return i.GetState() == "escalated" && i.GetLevel() == "L3"
	})
	if err == nil {
		r.show.say("escalated: %s", i.GetSummary())
	}
	return err
}

// pause is how long the script waits before it asks again. It waits for events
// of other programs, which have no way to call it.
const pause = 100 * time.Millisecond

// until asks again and again until the answer is yes; what says what is missing
// when it never is.
func until(ctx context.Context, what string, ask func(context.Context) (bool, error)) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	var last error
	for {
		ok, err := ask(ctx)
		if ok {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			if last != nil {
				return fmt.Errorf("%s: %w (last error: %w)", what, context.Cause(ctx), last)
			}
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case <-tick.C:
		}
	}
}
