package store

import (
	"context"

	"go.uber.org/fx"
)

// Config says where the file is.
type Config struct{ Path string }

type schemas struct {
	fx.In
	Schemas []Schema `group:"schemas"`
}

// Module provides the store; features add their tables to the group schemas.
var Module = fx.Module("store", fx.Provide(func(lc fx.Lifecycle, cfg Config, in schemas) (*Store, error) {
	s, err := Open(context.Background(), cfg.Path, in.Schemas...)
	if err == nil {
		lc.Append(fx.StopHook(s.Close))
	}
	return s, err
}))
