package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// runbookLine is a runbook as lists show it.
type runbookLine struct {
	ID         string   `json:"id"`
	SeedIDs    []string `json:"seed_ids"`
	Title      string   `json:"title"`
	Platform   string   `json:"platform"`
	Checks     []string `json:"checks"`
	Roads      []string `json:"roads"`
	AlertOnly  bool     `json:"alert_only"`
	LabOnly    bool     `json:"lab_only"`
	Disruptive bool     `json:"disruptive"`
	Reboot     bool     `json:"reboot"`
	Hash       string   `json:"hash"`
}

// runbookPhase is one script of a runbook.
type runbookPhase struct {
	Road           string   `json:"road"`
	Phase          string   `json:"phase"`
	Path           string   `json:"path"`
	TimeoutSeconds int      `json:"timeout_seconds"`
	Reads          []string `json:"reads"`
	Writes         []string `json:"writes"`
	Script         string   `json:"script"`
}

// runbookWhole is a runbook with all that would run.
type runbookWhole struct {
	runbookLine
	Advice         string              `json:"advice,omitempty"`
	TimeoutSeconds int                 `json:"timeout_seconds"`
	Citations      []string            `json:"citations"`
	Parameters     map[string]declared `json:"parameters"`
	Phases         []runbookPhase      `json:"phases"`
}

// declared is a parameter's schema.
type declared struct {
	Type     string   `json:"type"`
	Doc      string   `json:"doc"`
	Required bool     `json:"required"`
	Default  *string  `json:"default,omitempty"`
	Values   []string `json:"values,omitempty"`
	Pattern  string   `json:"pattern,omitempty"`
	Min      *int64   `json:"min,omitempty"`
	Max      *int64   `json:"max,omitempty"`
}

// runbookList prints the catalogue that this program was built with.
func runbookList(_ context.Context, s *shell, o *options, _ []string) error {
	catalogue, err := runbook.Load()
	if err != nil {
		return err
	}
	if platforms := []string{"windows", "darwin", "linux"}; o.platform != "" && !slices.Contains(platforms, o.platform) {
		return fmt.Errorf("--platform %q is not one of %s: %w", o.platform, strings.Join(platforms, ", "), errUsage)
	}
	if _, known := catalog.Find(check.ID(o.check)); o.check != "" && !known {
		return fmt.Errorf("--check %q is no check; `osirisctl runbook list` shows those that have a fix: %w", o.check, errUsage)
	}
	lines := make([]runbookLine, 0)
	for _, r := range catalogue.All() {
		heals := o.check == "" || slices.ContainsFunc(line(r).Checks, func(id string) bool { return id == o.check })
		if heals && (o.platform == "" || r.Platform == o.platform) {
			lines = append(lines, line(r))
		}
	}
	if s.json {
		return s.printJSON(map[string]any{"runbooks": lines})
	}
	rows := make([][]string, 0, len(lines))
	for _, l := range lines {
		rows = append(rows, []string{l.ID, strings.Join(l.Checks, " "), strings.Join(l.Roads, " "), l.marks(), l.Title})
	}
	return s.table("RUNBOOK\tCHECKS\tROADS\tMARKS\tTITLE", rows)
}

// marks are what a person looks for before running it.
func (l *runbookLine) marks() string {
	var marks []string
	for _, m := range []struct {
		is   bool
		word string
	}{{l.AlertOnly, "alert-only"}, {l.LabOnly, "lab-only"}, {l.Disruptive, "disruptive"}, {l.Reboot, "reboot"}} {
		if m.is {
			marks = append(marks, m.word)
		}
	}
	return strings.Join(marks, " ")
}

func line(r *runbook.Runbook) runbookLine {
	l := runbookLine{
		ID: r.ID, SeedIDs: append([]string{}, r.SeedIDs...), Title: r.Title, Platform: r.Platform, Roads: []string{},
		AlertOnly: r.AlertOnly, LabOnly: r.LabOnly, Disruptive: r.Disruptive, Reboot: r.Reboot, Hash: hex.EncodeToString(r.Hash[:]),
	}
	for _, id := range r.Checks {
		l.Checks = append(l.Checks, string(id))
	}
	for _, road := range []struct {
		name string
		open bool
	}{{"agent", r.Roads.Agent != nil}, {"winrm", r.Roads.WinRM != nil}, {"ssh", r.Roads.SSH != nil}} {
		if road.open {
			l.Roads = append(l.Roads, road.name)
		}
	}
	return l
}

// runbookShow prints one runbook with the text of every script.
func runbookShow(_ context.Context, s *shell, _ *options, args []string) error {
	catalogue, err := runbook.Load()
	if err != nil {
		return err
	}
	r, err := catalogue.Get(args[0])
	if err != nil {
		return fmt.Errorf("%w; osirisctl runbook list has all", err)
	}
	whole, err := describe(catalogue, r)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(whole)
	}
	return s.showRunbook(whole)
}

func describe(catalogue *runbook.Catalogue, r *runbook.Runbook) (*runbookWhole, error) {
	w := &runbookWhole{
		runbookLine: line(r), Advice: r.Advice, TimeoutSeconds: r.TimeoutSeconds, Citations: r.Citations,
		Parameters: map[string]declared{}, Phases: []runbookPhase{},
	}
	for name, p := range r.Parameters {
		w.Parameters[name] = declared{p.Type, p.Doc, p.Required, p.Default, p.Values, p.Pattern, p.Min, p.Max}
	}
	for _, road := range []struct {
		name string
		road *runbook.ScriptRoad
	}{{"winrm", r.Roads.WinRM}, {"ssh", r.Roads.SSH}} {
		if road.road == nil {
			continue
		}
		for _, id := range r.Checks {
			text, err := catalogue.Texts().Facts(r.Platform, id)
			if err != nil {
				return nil, err
			}
			w.Phases = append(w.Phases, runbookPhase{road.name, "detect, verify", text.Path, text.TimeoutSeconds, text.Reads, []string{}, text.Body})
		}
		for _, p := range []struct {
			name  string
			phase *runbook.Phase
		}{{"snapshot", road.road.Snapshot}, {"remediate", road.road.Remediate}, {"rollback", road.road.Rollback}} {
			if p.phase != nil {
				w.Phases = append(w.Phases, runbookPhase{
					road.name, p.name, p.phase.Script.Path, p.phase.TimeoutSeconds,
					append([]string{}, p.phase.Reads...), append([]string{}, p.phase.Writes...), p.phase.Script.Body,
				})
			}
		}
	}
	return w, nil
}

func (s *shell) showRunbook(w *runbookWhole) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n\n", w.ID, w.Title)
	for _, row := range [][2]string{
		{"seed ids", strings.Join(w.SeedIDs, " ")},
		{"checks", strings.Join(w.Checks, " ")},
		{"roads", strings.Join(w.Roads, " ")},
		{"marks", w.marks()},
		{"citations", strings.Join(w.Citations, " ")},
		{"time limit", fmt.Sprintf("%d s", w.TimeoutSeconds)},
		{"sha256", w.Hash},
		{"a person", w.Advice},
	} {
		if row[1] != "" {
			fmt.Fprintf(&b, "%-12s%s\n", row[0], row[1])
		}
	}
	names := make([]string, 0, len(w.Parameters))
	for name := range w.Parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p := w.Parameters[name]
		fmt.Fprintf(&b, "%-12s%s, %s: %s\n", "parameter", name, p.Type, p.Doc)
	}
	for _, p := range w.Phases {
		fmt.Fprintf(&b, "\n--- %s by %s, %s, at most %d s\n", p.Phase, p.Road, p.Path, p.TimeoutSeconds)
		for _, r := range p.Reads {
			fmt.Fprintf(&b, "reads   %s\n", r)
		}
		for _, r := range p.Writes {
			fmt.Fprintf(&b, "writes  %s\n", r)
		}
		fmt.Fprintf(&b, "\n%s", p.Script)
	}
	_, err := s.stdout.Write([]byte(b.String()))
	return err
}

// runbookValidate reads one file, or a folder with catalog/ and scripts/, as a
// release would.
func runbookValidate(_ context.Context, s *shell, _ *options, args []string) error {
	says, err := validate(args[0])
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(map[string]any{"valid": true, "path": args[0], "runbooks": says})
	}
	_, err = fmt.Fprintf(s.stdout, "valid: %d runbooks in %s\n", len(says), args[0])
	return err
}

func validate(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading a runbook's file, or a folder with catalog and scripts: %w", err)
	}
	if !info.IsDir() {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		r, err := runbook.Parse(content)
		if err != nil {
			return nil, fmt.Errorf("reading runbook %s: %w", path, err)
		}
		return []string{r.ID}, nil
	}
	for _, name := range []string{"catalog", "scripts"} {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			return nil, fmt.Errorf("%s is no catalogue: it wants the folder that has catalog and scripts in it, as shared/runbook: %w", path, err)
		}
	}
	c, err := runbook.LoadFolders(os.DirFS(filepath.Join(path, "catalog")), os.DirFS(filepath.Join(path, "scripts")))
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0)
	for _, r := range c.All() {
		ids = append(ids, r.ID)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s has no runbook", filepath.Join(path, "catalog"))
	}
	return ids, nil
}
