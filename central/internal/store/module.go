package store

import (
	"context"

	"go.uber.org/fx"
)

// Path is where the database file is.
type Path string

// Module provides the store; it is closed after everything that uses it.
var Module = fx.Module("store", fx.Provide(func(lc fx.Lifecycle, path Path) (*Store, error) {
	s, err := Open(context.Background(), string(path))
	if err != nil {
		return nil, err
	}
	lc.Append(fx.Hook{OnStop: func(context.Context) error { return s.Close() }})
	return s, nil
}))
