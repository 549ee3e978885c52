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

// tailPatience is how long entries wait for a cosignature before they are
// exported without one. A witness that answers does so within a second, and a
// folder made once is half the work of one made twice.
const tailPatience = 2 * time.Second

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
	repaired := uint64(0) // epoch + 1 of the last repair
	wait := exportPause
	for {
		now, changed := e.tlog.Status()
		var err error
		if repaired != now.Epoch+1 {
			if err = x.repair(ctx); err == nil {
				repaired = now.Epoch + 1
			}
		}
		if err == nil {
			err = x.update(ctx)
		}
		if err != nil && ctx.Err() == nil {
			wait = min(2*wait, time.Minute)
			e.log.WarnContext(ctx, "evidence export failed", "dir", e.cfg.Dir, "error", err, "retry_in", wait)
		} else {
			wait = exportPause
		}
		if err == nil && !x.await(ctx, changed) || !sleep(ctx, wait) {
			return nil
		}
	}
}

// await waits for a change, or for the patience with a tail to end. It reports
// whether that came before ctx ended.
func (x *exporter) await(ctx context.Context, changed <-chan struct{}) bool {
	var patience <-chan time.Time
	if x.tail {
		t := time.NewTimer(time.Until(x.since.Add(tailPatience)))
		defer t.Stop()
		patience = t.C
	}
	select {
	case <-changed:
	case <-patience:
	case <-ctx.Done():
		return false
	}
	return true
}

// due is up to where folders should exist now.
func (x *exporter) due(e translog.Epoch, made, cosigned uint64) uint64 {
	if e.Ended {
		return e.Valid
	}
	if cosigned >= e.Valid {
		x.tail = false
		return e.Valid
	}
	if !x.tail || x.cosigned != cosigned {
		x.tail, x.cosigned, x.since = true, cosigned, time.Now()
	}
	if time.Since(x.since) >= tailPatience {
		x.tail = false
		return e.Valid
	}
	return max(made, cosigned)
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

// update makes the folders that are not made yet, then gives final proofs to
// those that a cosigned checkpoint has come to cover.
func (x *exporter) update(ctx context.Context) error {
	epochs, err := x.log.Epochs(ctx)
	if err != nil {
		return err
	}
	for _, e := range epochs {
		if err := x.updateEpoch(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// updateEpoch does it for one log. Two marks say how far it got.
func (x *exporter) updateEpoch(ctx context.Context, e translog.Epoch) error {
	madeMark, finalMark := fmt.Sprintf("made/%d", e.Epoch), fmt.Sprintf("final/%d", e.Epoch)
	made, err := x.log.Mark(ctx, madeMark)
	if err != nil {
		return err
	}
	final, err := x.log.Mark(ctx, finalMark)
	if err != nil {
		return err
	}
	_, cosigned, err := x.log.LastCosigned(ctx, e.Epoch)
	if err != nil {
		return err
	}
	cosigned = min(cosigned, e.Valid)
	if err := x.walk(ctx, e.Epoch, finalMark, uint64(final), min(cosigned, uint64(made))); err != nil {
		return err
	}
	if err := x.walk(ctx, e.Epoch, madeMark, uint64(made), x.due(e, uint64(made), cosigned)); err != nil {
		return err
	}
	if cosigned > max(uint64(made), uint64(final)) { // made with final proofs just now
		if err := x.log.SetMark(ctx, finalMark, int64(cosigned)); err != nil {
			return err
		}
	}
	if e.Ended {
		if err := x.settle(ctx, e, cosigned); err != nil {
			return err
		}
	}
	return x.tiles(ctx, e)
}

// settle makes the proofs of an ended log again that no cosigned checkpoint
// covers: those made before state a root that stands no more.
func (x *exporter) settle(ctx context.Context, e translog.Epoch, cosigned uint64) error {
	mark := fmt.Sprintf("settled/%d", e.Epoch)
	settled, err := x.log.Mark(ctx, mark)
	if err != nil {
		return err
	}
	return x.walk(ctx, e.Epoch, mark, max(uint64(settled), cosigned), e.Valid)
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
