package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/signed"
)

// progressEvery is how many bundles pass between two lines of progress.
const progressEvery = 1000

// evidenceVerify judges a folder or an export and says what it proves.
func evidenceVerify(ctx context.Context, s *shell, o *options, args []string) error {
	var pin *signed.KeyID
	if o.trust != "" {
		id, err := signed.ParseKeyID(strings.ToLower(o.trust))
		if err != nil {
			return fmt.Errorf("--trust: %w: %w", err, errUsage)
		}
		pin = &id
	}
	path := filepath.Clean(args[0])
	if info, err := os.Stat(path); err != nil {
		return fmt.Errorf("verifying: %w: %w", err, errUsage)
	} else if !info.IsDir() {
		return fmt.Errorf("verifying %s: name the bundle's folder, not one of its files: %w", path, errUsage)
	}
	if bundle.IsFolder(path) {
		return s.folder(bundle.VerifyFolder(path, pin), pin)
	}
	report, err := bundle.VerifyTree(ctx, path, pin, func(done int) {
		if done%progressEvery == 0 {
			fmt.Fprintf(s.stderr, "%d bundles verified\n", done) //nolint:errcheck // progress only
		}
	})
	switch {
	case errors.Is(err, bundle.ErrNoEvidence):
		return fmt.Errorf("verifying: %w: %w", err, errUsage)
	case ctx.Err() != nil:
		return fmt.Errorf("stopped after %d bundles, which shows nothing: %w", report.Bundles, err)
	case err != nil:
		return err
	}
	return s.tree(report, pin)
}

func (s *shell) folder(r bundle.Report, pin *signed.KeyID) error {
	if s.json {
		if err := s.printJSON(struct {
			bundle.Report
			Limits []string `json:"limits"`
		}{r, bundle.Limits}); err != nil {
			return err
		}
		return result(r.Result)
	}
	w := &lines{w: s.stdout}
	w.say("%s: %s", verdictWords[r.Result], r.Dir)
	w.problems(r.Problems)
	w.open(r.Open)
	w.notes(r.Notes)
	if r.Root != "" && r.Result == bundle.Broken {
		w.say("  root      %s%s", r.Root, pinned(r.Root, pin))
	}
	if r.Result != bundle.Broken {
		w.say("")
		w.say("  what      %s: %s", r.Kind, r.Summary)
		w.say("  bundle    %s, made %s", r.BundleID, r.MadeTime)
		w.say("  by        appliance %s of site %s, key %s", r.ApplianceID, r.SiteID, r.Signer)
		w.say("  root      %s%s", r.Root, pinned(r.Root, pin))
		w.say("  log       %s, entry %d", r.Origin, r.Index)
		if r.CosignedSize > 0 {
			w.say("  witness   cosigned size %d at %s (%s)", r.CosignedSize, r.CosignedAt.Format("2006-01-02 15:04:05 UTC"), strings.Join(r.Witnesses, ", "))
		} else {
			w.say("  witness   none has cosigned this yet")
		}
	}
	w.limits()
	return w.end(r.Result)
}

// pinned says of a root whether it is the reader's.
func pinned(root string, pin *signed.KeyID) string {
	switch {
	case pin == nil:
		return " (as the files claim; compare it by another way)"
	case pin.String() == root:
		return " (the one you trust)"
	}
	return " (NOT the one you trust)"
}

func (s *shell) tree(r bundle.TreeReport, pin *signed.KeyID) error {
	if s.json {
		if err := s.printJSON(struct {
			bundle.TreeReport
			Limits []string `json:"limits"`
		}{r, bundle.Limits}); err != nil {
			return err
		}
		return result(r.Result)
	}
	w := &lines{w: s.stdout}
	w.say("%s: %s", verdictWords[r.Result], r.Dir)
	w.say("  %d bundles: %d proven, %d broken, %d consistent but not proven", r.Bundles, r.Proven, r.Broken, r.Unpinned)
	w.problems(r.Problems)
	w.open(r.Open)
	w.notes(r.Notes)
	for _, root := range r.Roots {
		w.say("  root      %s%s", root, pinned(root, pin))
	}
	for _, l := range r.Logs {
		w.log(l)
	}
	w.limits()
	return w.end(r.Result)
}

var verdictWords = map[bundle.Result]string{
	bundle.Proven: "PROVEN", bundle.Broken: "BROKEN", bundle.Unpinned: "CONSISTENT, NOT PROVEN",
}

func result(r bundle.Result) error {
	if code := r.ExitCode(); code != 0 {
		return exitCode(code)
	}
	return nil
}

// lines prints and keeps the first error.
type lines struct {
	w interface {
		Write(p []byte) (int, error)
	}
	err error
}

// say prints a line. Files under judgement are foreign: what they say must not
// move the cursor of whoever reads about them.
func (l *lines) say(format string, args ...any) {
	if l.err != nil {
		return
	}
	line := ""
	if text := fmt.Sprintf(format, args...); text != "" {
		line = plain(text)
	}
	_, l.err = fmt.Fprintln(l.w, line)
}

func (l *lines) problems(all []bundle.Problem) {
	for _, p := range all {
		l.say("  broken    %s: %s", p.File, p.What)
	}
}

func (l *lines) open(all []string) {
	for _, why := range all {
		l.say("  open      %s", why)
	}
}

func (l *lines) notes(all []string) {
	for _, what := range all {
		l.say("  note      %s", what)
	}
}

// log says how far a log is covered.
func (l *lines) log(r bundle.LogReport) {
	l.say("")
	l.say("  log       %s", r.Origin)
	l.say("            %d of %d entries are here; the newest cosigned size is %d", r.Entries, r.Size, r.CosignedSize)
	if r.Uncovered > 0 {
		l.say("            %d entries at the end are not covered by a witness yet", r.Uncovered)
	}
	for _, m := range r.Missing {
		l.say("            not here: entries %d to %d (a part of a log can be shown alone, but what is missing is not proven)", m.First, m.Last)
	}
	if r.Recomputed {
		l.say("            every checkpoint was computed again from the entries")
	}
}

// limits says what files cannot show.
func (l *lines) limits() {
	l.say("")
	l.say("What no such proof can show:")
	for _, limit := range bundle.Limits {
		l.say("  - %s", limit)
	}
}

func (l *lines) end(r bundle.Result) error {
	if l.err != nil {
		return l.err
	}
	return result(r)
}
