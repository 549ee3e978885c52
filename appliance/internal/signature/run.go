package signature

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/osiriscare/osiris/shared/catalog/rmm"
)

// look is how often the file is looked at. Lists change a few times a month.
const look = 10 * time.Second

// Run takes the file's list now and whenever the file changes, until ctx ends.
func (h *Holder) Run(ctx context.Context) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	var seen stamp
	for {
		seen = h.take(ctx, seen)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// stamp tells one state of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

// take offers the file if it is another than seen; a bad one is logged once.
func (h *Holder) take(ctx context.Context, seen stamp) stamp {
	info, err := os.Stat(h.cfg.File)
	if err != nil {
		return stamp{} // there may never be one
	}
	now := stamp{info.ModTime(), info.Size()}
	if now == seen {
		return seen
	}
	body, err := readFile(h.cfg.File)
	if err == nil {
		_, err = h.Offer(ctx, body)
	}
	if err != nil && ctx.Err() == nil {
		h.log.ErrorContext(ctx, "signature list refused", "file", h.cfg.File, "error", err)
	}
	return now
}

// readFile reads a file that may hold an envelope and no more.
func readFile(path string) (body []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	const limit = rmm.MaxBytes + 1<<10
	body, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && len(body) > limit {
		err = fmt.Errorf("%w: it has more than %d bytes", rmm.ErrInvalid, limit)
	}
	return body, err
}
