// Package stage runs the named steps of a development tool in order and prints
// how long each took, because what CI spends its time on must be seen to be
// kept short.
package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Stage is one named step.
type Stage struct {
	Name string
	Run  func(ctx context.Context, out io.Writer) error
}

// outcome is what became of a stage.
type outcome struct {
	name string
	took time.Duration
	err  error
}

// Run runs every stage, also after one has gone wrong, so that one run shows
// all that is wrong. only limits it to the named ones. The error names the
// stages that went wrong.
func Run(ctx context.Context, out io.Writer, stages []Stage, only []string) error {
	chosen, err := choose(stages, only)
	if err != nil {
		return err
	}
	var done []outcome
	for _, s := range chosen {
		if ctx.Err() != nil {
			break
		}
		fmt.Fprintf(out, "--- %s\n", s.Name)
		start := time.Now()
		err := s.Run(ctx, out)
		done = append(done, outcome{s.Name, time.Since(start), err})
		if err != nil {
			fmt.Fprintf(out, "%s: %v\n", s.Name, err)
		}
	}
	return report(ctx, out, done)
}

func choose(stages []Stage, only []string) ([]Stage, error) {
	if len(only) == 0 {
		return stages, nil
	}
	var chosen []Stage
	for _, name := range only {
		found := false
		for _, s := range stages {
			if s.Name == name {
				chosen, found = append(chosen, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no stage %q, there are: %s", name, Names(stages))
		}
	}
	return chosen, nil
}

// Names lists the stages for a help text.
func Names(stages []Stage) string {
	var names []string
	for _, s := range stages {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

func report(ctx context.Context, out io.Writer, done []outcome) error {
	var total time.Duration
	var bad []string
	fmt.Fprintln(out, "\nstage            time  result")
	for _, o := range done {
		word := "ok"
		if o.err != nil {
			word = "BROKEN"
			bad = append(bad, o.name)
		}
		total += o.took
		fmt.Fprintf(out, "%-12s %7.1fs  %s\n", o.name, o.took.Seconds(), word)
	}
	fmt.Fprintf(out, "%-12s %7.1fs\n", "all", total.Seconds())
	if err := ctx.Err(); err != nil {
		return errors.New("interrupted")
	}
	if len(bad) > 0 {
		return fmt.Errorf("broken: %s", strings.Join(bad, ", "))
	}
	return nil
}
