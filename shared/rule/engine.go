package rule

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"
	"time"

	"github.com/osiriscare/osiris/shared/runbook"
)

// pickTimeout bounds a search whatever the rules are: a decision is wanted
// within 50 ms, and the drift behind this one waits.
const pickTimeout = time.Second

// Engine holds the rules in force. It is safe for concurrent use.
type Engine struct {
	catalogue *runbook.Catalogue
	current   atomic.Pointer[set]
}

// New makes an engine with the built-in rules.
func New(catalogue *runbook.Catalogue) (*Engine, error) {
	e := &Engine{catalogue: catalogue}
	if err := e.Reload(); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload puts the built-in rules and those of the folders in force, at once and
// as a whole. When any file is broken it returns what is wrong and the rules in
// force stay.
func (e *Engine) Reload(folders ...fs.FS) error {
	next, err := load(e.catalogue, folders)
	if err != nil {
		return fmt.Errorf("loading rules: %w", err)
	}
	e.current.Store(next)
	return nil
}

// Rules are those in force, in the order they are tried.
func (e *Engine) Rules() []*Rule { return slices.Clone(e.current.Load().rules) }

// Pick finds the rule for in. It changes nothing; a nil history means that no
// rule has run yet.
func (e *Engine) Pick(ctx context.Context, in Input, now time.Time, history History) Decision {
	ctx, cancel := context.WithTimeout(ctx, pickTimeout)
	defer cancel()
	variables := in.variables()
	for _, r := range e.current.Load().rules {
		if !r.Enabled {
			continue
		}
		matched, err := r.matches(ctx, variables)
		if err != nil {
			return Decision{Outcome: Broken, Rule: r, Err: err}
		}
		if matched {
			return r.decide(in, now, history)
		}
	}
	return Decision{Outcome: NoRule}
}

func (r *Rule) decide(in Input, now time.Time, history History) Decision {
	if !r.Runbook.Heals(in.Check) || r.Runbook.Platform != in.Host.OS {
		return Decision{Outcome: Broken, Rule: r, Err: fmt.Errorf(
			"rule %s picks %s, which is not for %s on %.20q", r.ID, r.Runbook.ID, in.Check, in.Host.OS)}
	}
	if history == nil {
		return Decision{Outcome: Matched, Rule: r}
	}
	past := history(r.ID)
	if past.Tries > r.MaxRetries {
		return Decision{Outcome: Exhausted, Rule: r}
	}
	// A last run far in the future was written by a clock that has since been
	// put right; waiting for it could take years, and Tries bounds the rest.
	wrong := past.LastRun.After(now.Add(r.Cooldown))
	if until := past.LastRun.Add(r.Cooldown); !past.LastRun.IsZero() && !wrong && now.Before(until) {
		return Decision{Outcome: Cooling, Rule: r, Until: until.UTC()}
	}
	return Decision{Outcome: Matched, Rule: r}
}
