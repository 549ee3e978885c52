package script

import (
	"context"
	"encoding/hex"
)

// Known tells whether a command was begun, so that executing it again runs
// nothing anew.
func (x *Executor) Known(ctx context.Context, command [16]byte) (bool, error) {
	e, err := x.find(ctx, hex.EncodeToString(command[:]))
	return e != nil, err
}
