package stack

import (
	"context"
	"time"
)

// Until asks again every 200 ms until ask gives no error. When ctx ends first it
// gives the last answer in which ctx had no part, if there was one.
func Until(ctx context.Context, ask func(context.Context) error) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-tick.C:
		}
	}
}
