package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Command is one entry of the allow list.
type Command struct {
	path  string
	args  []string
	limit time.Duration
	bytes int
}

// SSHDConfig prints the effective settings of the SSH server. It reads the host
// keys, so it needs root; it changes nothing.
var SSHDConfig = Command{path: "/usr/sbin/sshd", args: []string{"-T"}, limit: 5 * time.Second, bytes: 64 << 10}

// ErrOutput means that a program wrote more than its entry allows.
var ErrOutput = errors.New("more output than expected")

// Run starts a command of the list and returns what it wrote.
func Run(ctx context.Context, c Command) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	program := exec.CommandContext(ctx, c.path, c.args...) //nolint:forbidigo // this is the package others must use
	program.Env = []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	program.Dir = "/"
	program.WaitDelay = time.Second // a grandchild may hold the pipe open
	out, complaint := &limited{left: c.bytes}, &limited{left: 4 << 10}
	program.Stdout, program.Stderr = out, complaint
	err := program.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("running %s: %w", c.path, ctx.Err())
	}
	if err != nil {
		line, _, _ := strings.Cut(complaint.kept.String(), "\n")
		return nil, fmt.Errorf("running %s: %w: %s", c.path, err, strings.TrimSpace(line))
	}
	if out.over {
		return nil, fmt.Errorf("running %s: %w", c.path, ErrOutput)
	}
	return out.kept.Bytes(), nil
}

// limited keeps the first bytes and remembers that there were more. The buffer
// is not embedded: io.Copy would use its ReadFrom and go round Write.
type limited struct {
	kept bytes.Buffer
	left int
	over bool
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.over = l.over || n < len(p)
	l.kept.Write(p[:n])
	return len(p), nil // a short write would kill the program with SIGPIPE
}
