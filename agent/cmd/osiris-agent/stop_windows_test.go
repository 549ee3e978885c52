package main

import (
	"context"
	"testing"
)

func TestConsoleEventsStopUsButALogoffDoesNot(t *testing.T) {
	for event, stops := range map[uintptr]bool{0: true, 1: true, eventLogoff: false} {
		ctx, stop := context.WithCancel(t.Context())
		if answer := onConsole(event, stop); answer != 1 || (ctx.Err() != nil) != stops {
			t.Errorf("event %d: answer %d, stopped %v; want 1, %v", event, answer, ctx.Err() != nil, stops)
		}
		stop()
	}
}
