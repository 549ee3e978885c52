package script

import (
	"context"
	"encoding/hex"
)

// Known tells whether a command was begun, so that executing it again runs
// nothing anew, and what its verification waits for, if it does.
func (x *Executor) Known(ctx context.Context, command [16]byte) (begun bool, waits string, err error) {
	e, err := x.find(ctx, hex.EncodeToString(command[:]))
	if err != nil || e == nil {
		return false, "", err
	}
	return true, e.Pending, nil
}
