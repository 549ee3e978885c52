package wine

import (
	"context"
	"errors"
)

// PowerCut ends all programs of the prefix with no chance to clean up, and boots
// it again: services that start by themselves are started. The registry is saved
// first, by -k: Wine does so twice a minute otherwise, Windows within seconds.
func (p *Prefix) PowerCut(ctx context.Context) error {
	if err := errors.Join(p.server(ctx, "-k"), p.server(ctx, "-w")); err != nil {
		return err
	}
	_ = p.idle.Process.Kill() // the server has ended it
	if err := p.idle.Wait(); err != nil && !isExit(err) {
		return err // it has closed the pipe, too
	}
	return p.stay(ctx)
}
