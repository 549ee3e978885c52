package keyring

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/fx"
)

// Dir is the data folder.
type Dir string

// Module provides the keys and tells at start when the delegation will end.
var Module = fx.Module("keyring",
	fx.Provide(func(dir Dir) (*Keyring, error) { return Load(string(dir)) }),
	fx.Invoke(func(lc fx.Lifecycle, k *Keyring, log *slog.Logger) {
		lc.Append(fx.StartHook(func(ctx context.Context) { k.Warn(ctx, time.Now(), log) }))
	}))
