// Command pslint judges the catalogue's PowerShell by its syntax tree (D26): every
// cmdlet and parameter is one of Windows PowerShell 5.1's in cmdlets.txt, written
// out; strict mode comes first; nothing is called that is not known before it
// runs; no program is run for what it prints, which is in the language of
// Windows; and what a script reads and writes is what its YAML declares, neither
// more nor less. It needs gcc and the Go module proxy, once.
//
//	pslint                    judges the catalogue
//	pslint document CHECK...  prints the scan that a Windows host gets on its standard input
//	pslint command            prints the command line that reads it
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var faults []fault
	var err error
	if len(os.Args) > 1 {
		err = show(os.Stdout, os.Args[1], os.Args[2:])
	} else {
		faults, err = run(ctx)
	}
	stop()
	for _, f := range faults {
		fmt.Fprintln(os.Stdout, f)
	}
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("%d faults", len(faults))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pslint:", err)
		os.Exit(1)
	}
}

// show prints what somebody needs who tries the catalogue on a real Windows.
func show(out io.Writer, verb string, checks []string) error {
	c, err := runbook.Load()
	if err != nil {
		return err
	}
	switch verb {
	case "command":
		line, err := c.WindowsCommand()
		if err == nil {
			_, err = fmt.Fprintln(out, line)
		}
		return err
	case "document":
		ids := c.Texts().Checks("windows")
		if len(checks) > 0 {
			ids = nil
			for _, name := range checks {
				ids = append(ids, check.ID(name))
			}
		}
		d, err := c.Scan("windows", ids...)
		if err != nil {
			return err
		}
		text, err := d.Windows()
		if err == nil {
			_, err = out.Write(text)
		}
		return err
	}
	return fmt.Errorf("%q is neither document nor command", verb)
}

// run judges the embedded catalogue.
func run(ctx context.Context) ([]fault, error) {
	c, err := runbook.Load()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pslint")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	g, err := buildGrammar(ctx, folder)
	if err != nil {
		return nil, err
	}
	return g.judge(ctx, c.Texts().All())
}

// judge is what is wrong with texts, among which the prelude is.
func (g *grammar) judge(ctx context.Context, texts []*runbook.Text) ([]fault, error) {
	table, err := readTable(cmdletText)
	if err != nil {
		return nil, err
	}
	l := &linter{table: table}
	trees := map[*runbook.Text]*node{}
	for _, text := range texts {
		if text.Platform != "windows" {
			continue
		}
		if trees[text], err = g.parse(ctx, text.Body); err != nil {
			return nil, fmt.Errorf("%s: %w", text.Path, err)
		}
		if text.Kind == runbook.Prelude {
			l.prelude = readScript(trees[text])
		}
	}
	if l.prelude == nil {
		return nil, fmt.Errorf("there is no prelude")
	}
	var all []fault
	for _, text := range texts {
		if tree, ok := trees[text]; ok {
			all = append(all, l.lint(text, tree)...)
		}
	}
	return all, nil
}
