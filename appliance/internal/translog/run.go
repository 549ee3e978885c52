package translog

import (
	"context"
	"fmt"
)

// job is work for the writer: records to append, or something alone.
type job struct {
	records []*Record
	alone   func(context.Context, *writer) error
	quiet   bool // nobody waits for what alone changes
	done    chan result
}

type result struct {
	acks []Ack
	err  error
}

// Run writes until ctx ends. Work that is in the queue by then is refused with
// ErrClosed; a commit that has begun is finished.
func (l *Log) Run(ctx context.Context) error {
	defer close(l.stopped)
	var held []job
	for {
		if len(held) == 0 {
			select {
			case <-ctx.Done():
				return nil
			case j := <-l.work:
				held = append(held, j)
			}
		}
		held = l.step(context.WithoutCancel(ctx), held)
	}
}

// step commits the first of the held jobs, with all the appends that wait
// behind it, and returns what it did not take.
func (l *Log) step(ctx context.Context, held []job) []job {
	first := held[0]
	if first.alone != nil {
		err := first.alone(ctx, l.writer)
		if !first.quiet {
			l.publish()
		}
		first.done <- result{err: err}
		return held[1:]
	}
	batch, rest := l.gather(held)
	records := make([]*Record, 0, maxBatch)
	for _, j := range batch {
		records = append(records, j.records...)
	}
	var acks []Ack
	err := l.writer.transaction(ctx, func() (err error) {
		acks, err = l.writer.add(ctx, records, false)
		return err
	})
	if err == nil {
		l.publish()
	}
	for _, j := range batch {
		r := result{err: err}
		if err == nil {
			r.acks, acks = acks[:len(j.records)], acks[len(j.records):]
		}
		j.done <- r
	}
	return rest
}

// gather takes appends from held and the queue until the batch is full or
// nothing waits.
func (l *Log) gather(held []job) (batch, rest []job) {
	n := 0
	for {
		if len(held) == 0 {
			select {
			case j := <-l.work:
				held = append(held, j)
			default:
				return batch, nil
			}
		}
		j := held[0]
		if j.alone != nil || n > 0 && n+len(j.records) > maxBatch {
			return batch, held
		}
		batch, held, n = append(batch, j), held[1:], n+len(j.records)
	}
}

// submit hands a job to the writer and waits. When ctx ends first the work may
// still be done; every job may be repeated.
func (l *Log) submit(ctx context.Context, j job) ([]Ack, error) {
	j.done = make(chan result, 1)
	select {
	case l.work <- j:
	case <-l.stopped:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case r := <-j.done:
		return r.acks, r.err
	case <-l.stopped:
		select {
		case r := <-j.done:
			return r.acks, r.err
		default:
			return nil, ErrClosed
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Append logs records and returns when all are durable and covered by a
// checkpoint. A record whose id is in the log already is acknowledged where it
// is, see Ack.
func (l *Log) Append(ctx context.Context, records ...*Record) ([]Ack, error) {
	if len(records) == 0 {
		return nil, nil
	}
	if len(records) > maxBatch {
		return nil, fmt.Errorf("appending %d records at once: the limit is %d", len(records), maxBatch)
	}
	return l.submit(ctx, job{records: records})
}
