package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/e2e/stack"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// How the appliance asks the hosts here: so often that a person who waits sees it,
// and giving up those that hang before the next time.
const (
	scanInterval = 15 * time.Second
	scanDeadline = 10 * time.Second
)

// summaryPhase names the bundle about all workstations.
const summaryPhase = "SiteWorkstationSummary"

// startPractice starts the hosts, in this process.
func (r *round) startPractice(context.Context) error {
	books, err := runbook.Load()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(r.dir, "winlab.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the hosts' log: %w", err)
	}
	// It is written to until the process ends.
	r.practice, err = practice.New(practice.Config{
		Hosts: r.hosts, Lifelike: true, Catalogue: books, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		return errors.Join(err, log.Close())
	}
	r.introduce()
	return nil
}

// introduce says what there is to find, of a practice that fits a screen.
func (r *round) introduce() {
	faults := 0
	for _, h := range r.practice.Hosts() {
		if h.Check != "" {
			faults++
		}
		switch {
		case r.hosts > practice.DefaultHosts:
		case h.Hung:
			r.show.say("%-12s hangs: accepts connections and never answers", h.Name)
		case h.Fault != "":
			r.show.say("%-12s %s", h.Name, h.Fault)
		}
	}
	r.show.say("%d Windows hosts, %d of them with something to find", r.hosts, faults)
}

// obey does what a person types: a host of the practice and what happens to it. It
// ends with the input.
func (r *round) obey(in io.Reader) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if err := r.happen(words); err != nil {
			r.show.say("%v; %s", err, ordersHelp)
			continue
		}
		r.show.say("done; the next scan is in %s at the latest", scanInterval)
	}
}

const ordersHelp = "type FRONTDESK-02 firewall.profiles.public.enabled false, or XRAY-01 wake, EXAM-01 hang, EXAM-01 reboot"

// awake is how long a restart takes that a person asked for.
const awake = 20 * time.Second

// happen does one order.
func (r *round) happen(words []string) error {
	o := practice.Order{Host: strings.ToUpper(words[0]), Seconds: awake.Seconds()}
	switch {
	case len(words) == 2:
		o.Do = words[1]
	case len(words) == 3:
		o.Do, o.Path, o.Value = "set", words[1], words[2]
	default:
		return errors.New("an order has two or three words")
	}
	_, err := r.practice.Do(o)
	return err
}

// scanning is how the appliance asks the hosts.
func (r *round) scanning() stack.Scan {
	if r.practice == nil {
		return stack.Scan{}
	}
	return stack.Scan{Interval: scanInterval, Deadline: scanDeadline, CAs: r.practice.Inventory().CA}
}

// addTargets does what an operator does: the account, sealed for the appliance, and
// the list of hosts.
func (r *round) addTargets(ctx context.Context) error {
	in := r.practice.Inventory()
	if err := r.stack.AddCredential(ctx, in); err != nil {
		return err
	}
	return r.stack.AddTargets(ctx, in)
}

// listHosts lists all hosts that Central shows of the site, by name.
func (r *round) listHosts(ctx context.Context) (map[string]*centralv1.Host, error) {
	all := map[string]*centralv1.Host{}
	page := ""
	for {
		list, err := r.stack.Fleet.ListHosts(ctx, connect.NewRequest(&centralv1.ListHostsRequest{SiteId: r.stack.SiteID, PageToken: page}))
		if err != nil {
			return nil, fmt.Errorf("listing hosts: %w", err)
		}
		for _, h := range list.Msg.GetHosts() {
			all[h.GetHostname()] = h
		}
		if page = list.Msg.GetNextPageToken(); page == "" {
			return all, nil
		}
	}
}

// hostsScanned waits until Central has verdicts about every host that answers.
func (r *round) hostsScanned(ctx context.Context) error {
	answering := 0
	err := until(ctx, "not all hosts are scanned", func(ctx context.Context) (bool, error) {
		hosts, err := r.listHosts(ctx)
		if err != nil {
			return false, err
		}
		answering = 0
		for _, h := range r.practice.Inventory().Hosts {
			if h.Hung {
				continue
			}
			checks, err := r.checks(ctx, hosts[h.Name].GetHostId(), "")
			if err != nil {
				return false, err
			}
			if len(checks) == 0 {
				return false, fmt.Errorf("%s is not", h.Name)
			}
			answering++
		}
		return true, nil
	})
	if err == nil {
		r.show.say("%d of %d hosts answer, without an agent", answering, len(r.practice.Hosts()))
	}
	return err
}

// faultsFound waits until Central shows each host's fault, and no other.
func (r *round) faultsFound(ctx context.Context) error {
	found := 0
	err := until(ctx, "what is wrong with the hosts is not what Central shows", func(ctx context.Context) (bool, error) {
		hosts, err := r.listHosts(ctx)
		if err != nil {
			return false, err
		}
		found = 0
		for _, h := range r.practice.Inventory().Hosts {
			if h.Hung {
				continue
			}
			failing, err := r.checks(ctx, hosts[h.Name].GetHostId(), "fail")
			if err != nil {
				return false, err
			}
			if got := strings.Join(failing, ", "); got != h.Check {
				return false, fmt.Errorf("%s fails %q, not %q", h.Name, got, h.Check)
			}
			found += len(failing)
		}
		return true, nil
	})
	if err == nil {
		r.show.say("%d faults found, each where it is", found)
	}
	return err
}

// checks are those that Central shows of a host with a status, "" for any.
func (r *round) checks(ctx context.Context, hostID, status string) (checks []string, err error) {
	if hostID == "" {
		return nil, nil // it is not listed yet
	}
	got, err := r.stack.Fleet.GetHost(ctx, connect.NewRequest(&centralv1.GetHostRequest{SiteId: r.stack.SiteID, HostId: hostID}))
	if err != nil {
		return nil, err
	}
	for _, c := range got.Msg.GetChecks() {
		if status == "" || c.GetStatus() == status {
			checks = append(checks, c.GetCheckId())
		}
	}
	return checks, nil
}

// summary is the part of the summary's bundle that is looked at.
type summary struct {
	DeviceType string            `json:"device_type"`
	Phase      string            `json:"phase"`
	Summary    string            `json:"summary"`
	PostState  map[string]string `json:"post_state"`
}

// summaryProven waits until the site's workstations are summed up in a bundle that
// proves itself from files alone.
func (r *round) summaryProven(ctx context.Context) error {
	workstations := 0
	for _, h := range r.practice.Hosts() {
		if h.Role == runbook.RoleWorkstation {
			workstations++
		}
	}
	if workstations == 0 {
		return nil // a practice of one or two hosts has none
	}
	return until(ctx, "there is no summary of all workstations", func(ctx context.Context) (bool, error) {
		all, err := r.evidence(ctx)
		if err != nil {
			return false, err
		}
		for id, e := range all {
			if !strings.HasPrefix(e.GetSummary(), summaryPhase) || !e.GetWitnessed() {
				continue
			}
			s, err := r.readSummary(ctx, id)
			if err != nil {
				return false, err
			}
			if s.PostState["total"] == strconv.Itoa(workstations) {
				r.show.say("%s", s.Summary)
				return true, nil
			}
		}
		return false, nil
	})
}

// repairOrdered lets an operator order a repair of the one host on which repairs may
// be tried, and proves what came of it.
func (r *round) repairOrdered(ctx context.Context) error {
	hosts := r.practice.Hosts()
	i := slices.IndexFunc(hosts, func(h *practice.Host) bool { return h.Lab && h.Check != "" })
	if i < 0 {
		r.show.say("none of so few hosts is marked as lab: nothing is repaired without an agent")
		return nil
	}
	h := hosts[i]
	books, err := runbook.Load()
	if err != nil {
		return err
	}
	for _, book := range books.For(h.Check, "windows") {
		if book.AlertOnly {
			continue
		}
		out, err := r.stack.Operator(ctx, "", "runbook", "run", book.ID, "--target", h.Name, "--wait", "50s", "--reason", "shown by ./dev up")
		if err != nil {
			return err
		}
		r.show.say("./dev run osirisctl runbook run %s --target %s", book.ID, h.Name)
		// The order, and what came of it; then follow facts and texts, for who wants to
		// know.
		parts := strings.Split(strings.TrimSpace(out), "\n\n")
		for line := range strings.Lines(strings.Join(parts[:min(2, len(parts))], "\n")) {
			r.show.say("  %s", strings.TrimRight(line, " \n"))
		}
		if err := r.bundle(ctx, "result", "success", string(h.Check)); err != nil {
			return err
		}
		return r.settled(ctx, h)
	}
	return fmt.Errorf("no runbook mends %s", h.Check)
}

// settled waits until Central shows that nothing is open on a host any more.
func (r *round) settled(ctx context.Context, h *practice.Host) error {
	return until(ctx, h.Name+" still needs somebody", func(ctx context.Context) (bool, error) {
		list, err := r.stack.Fleet.ListIncidents(ctx, connect.NewRequest(&centralv1.ListIncidentsRequest{SiteId: r.stack.SiteID, State: "all"}))
		if err != nil {
			return false, err
		}
		seen, open := false, false
		for _, i := range list.Msg.GetIncidents() {
			mine := strings.EqualFold(i.GetHostname(), h.Name) && i.GetCheckId() == string(h.Check)
			seen, open = seen || mine, open || mine && i.GetState() != "resolved"
		}
		return seen && !open, nil
	})
}

// readSummary verifies a bundle and reads it.
func (r *round) readSummary(ctx context.Context, id string) (s summary, err error) {
	if err := r.verifyBundle(ctx, id); err != nil {
		return s, err
	}
	folders, err := r.folders()
	if err != nil {
		return s, err
	}
	content, err := os.ReadFile(filepath.Join(folders[id], "bundle.json"))
	if err != nil {
		return s, fmt.Errorf("reading the summary: %w", err)
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("reading the summary %s: %w", id, err)
	}
	if s.DeviceType != "workstation" || s.Phase != summaryPhase {
		return s, fmt.Errorf("the summary %s is of %q, phase %q", id, s.DeviceType, s.Phase)
	}
	return s, nil
}
