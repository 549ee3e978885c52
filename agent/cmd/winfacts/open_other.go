//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
)

func open(context.Context) (*windows, error) {
	return nil, fmt.Errorf("looking for Windows: %w", errors.ErrUnsupported)
}
