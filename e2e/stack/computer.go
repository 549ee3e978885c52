package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Computer is one machine with an agent: the process, its data, and the root
// folder that its file checks look at.
type Computer struct {
	*Process
	stack *Stack
	dir   string
}

// Computer prepares a computer; nothing runs yet. The first is "agent", the
// next "agent 2" and so on, as their log lines say.
func (s *Stack) Computer() (*Computer, error) {
	name, folder := "agent", "agent"
	if n := len(s.agents) + 1; n > 1 {
		name, folder = fmt.Sprintf("agent %d", n), fmt.Sprintf("agent-%d", n)
	}
	c := &Computer{stack: s, dir: s.path(folder)}
	c.Process = s.process(name, "osiris-agent", "agent started", "run", "--config", c.config())
	if err := os.MkdirAll(filepath.Join(c.Root(), "etc", "sysctl.d"), 0o755); err != nil {
		return nil, fmt.Errorf("laying out a computer: %w", err)
	}
	s.agents = append(s.agents, c)
	return c, nil
}

func (c *Computer) config() string { return filepath.Join(c.dir, "agent.conf") }

// Data is the agent's data folder.
func (c *Computer) Data() string { return filepath.Join(c.dir, "data") }

// Root is the folder that the agent takes for the root of the computer.
func (c *Computer) Root() string { return filepath.Join(c.dir, "root") }

// Sysctl is the path of a file in the computer's sysctl.d.
func (c *Computer) Sysctl(name string) string {
	return filepath.Join(c.Root(), "etc", "sysctl.d", name)
}

// Enrol gives the agent its identity with a single-use token of the appliance.
func (c *Computer) Enrol(ctx context.Context) error {
	token := filepath.Join(c.dir, "token")
	if _, err := c.stack.command(ctx, "osiris-appliance", "token", "new", "--config", c.stack.path("appliance.yaml"), "--out", token); err != nil {
		return err
	}
	err := write(c.config(), fmt.Sprintf(`data_dir = %s
root_dir = %s
token_file = %s
check_now = yes
log_format = json
`, c.Data(), c.Root(), token))
	if err != nil {
		return err
	}
	_, err = c.stack.command(ctx, "osiris-agent", "enrol", "--config", c.config())
	return err
}
