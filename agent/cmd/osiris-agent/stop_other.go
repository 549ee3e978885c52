//go:build !windows

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilStopped gives a context that ends when the process is told to.
func untilStopped() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
