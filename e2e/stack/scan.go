package stack

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// Scan is how the appliance asks hosts without an agent.
type Scan struct {
	// Interval of all cycles; the appliance's own when 0.
	Interval time.Duration
	// Deadline of a host; the appliance's own when 0.
	Deadline time.Duration
	// CAs sign the hosts' certificates, PEM; those of the system alone when empty.
	CAs string
}

// scanSettings are the part of the appliance's configuration about scanning.
func (s *Stack) scanSettings() (string, error) {
	c := s.cfg.Scan
	var lines []string
	add := func(key, value string) { lines = append(lines, "  "+key+": "+value+"\n") }
	if c.Interval > 0 {
		for _, cycle := range []string{"windows", "linux", "workstation"} {
			add(cycle+"_interval", c.Interval.String())
		}
	}
	if c.Deadline > 0 {
		add("host_deadline", c.Deadline.String())
	}
	if c.CAs != "" {
		file := s.path("appliance-scan-ca.pem")
		if err := write(file, c.CAs); err != nil {
			return "", err
		}
		add("ca_file", strconv.Quote(file))
	}
	if len(lines) == 0 {
		return "", nil
	}
	return "scan:\n" + strings.Join(lines, ""), nil
}

// Operator runs osirisctl for the site as an operator would, with these lines of
// standard input, and gives all it said.
func (s *Stack) Operator(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.cfg.Binaries["osirisctl"], append(args, "--site", s.SiteID, "--server", s.WebURL(),
		"--token-file", s.path("central", "operator.token"))...)
	cmd.Stdin, cmd.Env = strings.NewReader(stdin), append(cmd.Environ(), "OSIRIS_CONFIG_DIR="+s.path("operator"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("running osirisctl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// Credential is the name under which AddCredential seals the account of a practice.
const Credential = "scan"

// AddCredential seals the account that hosts of a practice are scanned by, as soon
// as the appliance has told Central the key for that.
func (s *Stack) AddCredential(ctx context.Context, in practice.Inventory) error {
	return Until(ctx, func(ctx context.Context) error {
		_, err := s.Operator(ctx, in.Password+"\n", "credential", "add", Credential, "--kind", "windows-password", "--user", in.User)
		return err
	})
}

// TargetOf is a host of a practice as a target named as the host, over TLS. Its
// certificate is for the short name too, which people read more easily.
func TargetOf(h practice.Entry) (*centralv1.Target, error) {
	address, text, err := net.SplitHostPort(h.HTTPS)
	if err != nil {
		return nil, fmt.Errorf("reading the address of %s: %w", h.Name, err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("reading the port of %s: %w", h.Name, err)
	}
	kind := centralv1.TargetKind_TARGET_KIND_WINDOWS
	if h.Role == runbook.RoleWorkstation {
		kind = centralv1.TargetKind_TARGET_KIND_WORKSTATION
	}
	return &centralv1.Target{
		Name: h.Name, Kind: kind, Host: address, Port: uint32(port), TlsName: h.Name, Credential: Credential, Lab: h.Lab,
	}, nil
}

// AddTarget puts a host on the site's list.
func (s *Stack) AddTarget(ctx context.Context, t *centralv1.Target) error {
	_, err := s.Fleet.AddTarget(ctx, connect.NewRequest(&centralv1.AddTargetRequest{SiteId: s.SiteID, Target: t}))
	if err != nil {
		return fmt.Errorf("adding target %s: %w", t.GetName(), err)
	}
	return nil
}

// AddTargets puts all hosts of a practice on the site's list.
func (s *Stack) AddTargets(ctx context.Context, in practice.Inventory) error {
	for _, h := range in.Hosts {
		t, err := TargetOf(h)
		if err != nil {
			return err
		}
		if err := s.AddTarget(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
