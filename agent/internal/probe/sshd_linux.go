package probe

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/osiriscare/osiris/agent/internal/command"
	"github.com/osiriscare/osiris/shared/check"
)

func (p *Probe) readSSHD(ctx context.Context) (check.Facts, error) {
	installed, err := p.exists("usr/sbin/sshd")
	if err != nil {
		return nil, err
	}
	if !installed {
		return nil, missing("No SSH server is installed.")
	}
	if !p.live() {
		return nil, errors.New("the SSH server of another root cannot be asked")
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("sshd -T needs root")
	}
	out, err := command.Run(ctx, &command.SSHDConfig)
	if err != nil {
		return nil, err
	}
	value, err := parseSSHD(bytes.NewReader(out))
	if err != nil {
		return nil, err
	}
	return check.Facts{{Name: check.FactPermitRootLogin, Value: value}}, nil
}
