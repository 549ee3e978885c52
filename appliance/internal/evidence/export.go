package evidence

import (
	"context"
	"fmt"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/translog"
)

// exportPause lets bundles that come together be exported together, and keeps
// the exports, which nothing waits for, from competing with the log.
const exportPause = 200 * time.Millisecond

// exportChunk is how many folders are made between two marks.
const exportChunk = 100

// export keeps the folders up to date until ctx ends. An error (a full disk, a
// folder without permission) is logged and tried again: the log goes on.
func (e *Evidence) export(ctx context.Context) error {
	if e.cfg.Dir == "" {
		<-ctx.Done()
		return nil
	}
	x := newExporter(e.cfg.Dir, e.tlog)
	repaired := false
	wait := exportPause
	for {
		_, changed := e.tlog.Status()
		err := func() (err error) {
			if !repaired {
				if err := x.repair(ctx); err != nil {
					return err
				}
				repaired = true
			}
			return x.update(ctx)
		}()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			wait = min(2*wait, time.Minute)
			e.log.WarnContext(ctx, "evidence export failed", "dir", e.cfg.Dir, "error", err, "retry_in", wait)
			if !sleep(ctx, wait) {
				return nil
			}
			continue
		}
		wait = exportPause
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
		if !sleep(ctx, exportPause) {
			return nil
		}
	}
}

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// update makes the folders of the current epoch that are not made yet, then
// gives final proofs to those that a cosigned checkpoint has come to cover. Two
// marks an epoch say how far it got.
func (x *exporter) update(ctx context.Context) error {
	now, _ := x.log.Status()
	madeMark, finalMark := fmt.Sprintf("made/%d", now.Epoch), fmt.Sprintf("final/%d", now.Epoch)
	made, err := x.log.Mark(ctx, madeMark)
	if err != nil {
		return err
	}
	final, err := x.log.Mark(ctx, finalMark)
	if err != nil {
		return err
	}
	_, cosigned, err := x.log.LastCosigned(ctx, now.Epoch)
	if err != nil {
		return err
	}
	if err := x.walk(ctx, now.Epoch, finalMark, uint64(final), min(cosigned, uint64(made))); err != nil {
		return err
	}
	if err := x.walk(ctx, now.Epoch, madeMark, uint64(made), now.Size); err != nil {
		return err
	}
	if cosigned > uint64(made) { // made with final proofs just now
		return x.log.SetMark(ctx, finalMark, int64(min(cosigned, now.Size)))
	}
	return nil
}

// walk makes the folders of positions from..to and moves the mark along.
func (x *exporter) walk(ctx context.Context, epoch uint64, mark string, from, to uint64) error {
	const maxBytes = 8 << 20
	for from < to {
		rows, err := x.log.Entries(ctx, epoch, from, int(min(exportChunk, to-from)), maxBytes)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fmt.Errorf("exporting entry %d: %w", from, translog.ErrNotFound)
		}
		for _, r := range rows {
			if err := x.make(ctx, r); err != nil {
				return fmt.Errorf("exporting entry %d: %w", r.Position, err)
			}
		}
		from += uint64(len(rows))
		if err := x.log.SetMark(ctx, mark, int64(from)); err != nil {
			return err
		}
	}
	return nil
}
