package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// summary is what one run of go test came to.
type summary struct {
	passed int
	failed []string
	// skipped names each skipped test with the reason it gave.
	skipped []string
}

// follow reads events until the end, prints each package as it ends and the
// output of what failed.
func follow(events io.Reader, out io.Writer) (summary, error) {
	var sum summary
	said := map[string][]string{}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(out, lines.Text())
			continue
		}
		name := e.Package
		if e.Test != "" {
			name += "." + e.Test
		}
		switch e.Action {
		case "build-output":
			fmt.Fprint(out, e.Output)
		case "output":
			said[name] = append(said[name], e.Output)
		case "pass", "fail", "skip":
			sum.end(e, name, said[name], out)
			delete(said, name)
		}
	}
	return sum, lines.Err()
}

// end notes the end of a test or of a package.
func (s *summary) end(e event, name string, said []string, out io.Writer) {
	switch {
	case e.Action == "fail":
		// A package fails with its test; it counts when nothing else says why.
		inside := func(test string) bool { return strings.HasPrefix(test, e.Package+".") }
		if e.Test != "" || !slices.ContainsFunc(s.failed, inside) {
			s.failed = append(s.failed, name)
		}
		for _, line := range said {
			fmt.Fprint(out, line)
		}
	case e.Test == "" && e.Action == "pass":
		fmt.Fprintf(out, "ok    %-70s %6.1fs\n", strings.TrimPrefix(e.Package, "github.com/osiriscare/osiris/"), e.Elapsed)
	case e.Test != "" && e.Action == "pass":
		s.passed++
	case e.Test != "" && e.Action == "skip":
		s.skipped = append(s.skipped, name+": "+reason(said))
	}
}

// reason picks what a skipped test gave as its reason, which is the line before
// the result.
func reason(said []string) string {
	for i := len(said) - 1; i >= 0; i-- {
		line := strings.TrimSpace(said[i])
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			return line
		}
	}
	return "no reason given"
}

// judge prints the count and fails for failed tests, and in CI for skipped
// ones.
func (s *summary) judge(out io.Writer, ci bool) error {
	for _, name := range s.skipped {
		fmt.Fprintf(out, "skipped %s\n", name)
	}
	fmt.Fprintf(out, "%d tests passed, %d failed, %d skipped\n", s.passed, len(s.failed), len(s.skipped))
	var errs []error
	if len(s.failed) > 0 {
		errs = append(errs, errors.New("failed: "+strings.Join(s.failed, ", ")))
	}
	if ci && len(s.skipped) > 0 {
		errs = append(errs, fmt.Errorf("%d tests were skipped, and in CI none may be", len(s.skipped)))
	}
	if s.passed == 0 && len(s.failed) == 0 {
		errs = append(errs, errors.New("no test ran"))
	}
	return errors.Join(errs...)
}
