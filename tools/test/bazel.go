package main

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/osiriscare/osiris/tools/internal/bazel"
)

// bazel runs the tests that Bazel has, each in a sandbox: those of Go under the
// race detector, then those that judge the release.
func (s *suite) bazel(ctx context.Context, out io.Writer) error {
	dirs, err := bazel.DefaultDirs()
	if err != nil {
		return err
	}
	b, err := bazel.Find(ctx, s.root, dirs, out)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, b.About)
	var sum summary
	var errs []error
	for _, args := range [][]string{{"--config=race"}, {"--test_tag_filters=norace"}} {
		events := filepath.Join(dirs.Cache, "events.json")
		args = append([]string{"test", "--keep_going", "--noshow_progress", "--build_event_json_file=" + events}, args...)
		errs = append(errs, b.Run(ctx, s.root, out, out, append(args, "//...")...))
		tested, err := readEvents(events)
		errs = append(errs, err)
		for _, t := range tested {
			errs = append(errs, t.count(&sum))
		}
	}
	return errors.Join(append(errs, sum.judge(out, s.ci))...)
}

// tested is one target that Bazel tested.
type tested struct{ label, status, xml string }

// readEvents reads Bazel's build event protocol
// (bazel.build/remote/bep, read 2026-11-22), one JSON object a line.
func readEvents(path string) ([]tested, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading Bazel's events: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	var all []tested
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			ID struct {
				TestResult struct{ Label string }
			}
			TestResult *struct {
				Status           string
				TestActionOutput []struct{ Name, URI string }
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("reading Bazel's events: %w", err)
		}
		if e.TestResult == nil {
			continue
		}
		t := tested{label: e.ID.TestResult.Label, status: e.TestResult.Status}
		for _, o := range e.TestResult.TestActionOutput {
			if u, err := url.Parse(o.URI); err == nil && o.Name == "test.xml" {
				t.xml = u.Path
			}
		}
		all = append(all, t)
	}
	return all, lines.Err()
}

// count adds what a target's test.xml tells. A test that is no Go test has no
// cases there and counts as one.
func (t tested) count(sum *summary) error {
	content, err := os.ReadFile(t.xml)
	if err != nil {
		return fmt.Errorf("reading the result of %s: %w", t.label, err)
	}
	var report struct {
		Suites []struct {
			Cases []struct {
				Name    string `xml:"name,attr"`
				Skipped *struct {
					Text string `xml:",chardata"`
					Why  string `xml:"message,attr"`
				} `xml:"skipped"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(content, &report); err != nil {
		return fmt.Errorf("reading the result of %s: %w", t.label, err)
	}
	before := sum.passed + len(sum.failed)
	for _, suite := range report.Suites {
		for _, c := range suite.Cases {
			switch {
			case c.Skipped != nil:
				sum.skipped = append(sum.skipped, t.label+" "+c.Name+": "+strings.TrimSpace(c.Skipped.Why+" "+c.Skipped.Text))
			case c.Failure != nil || c.Error != nil:
				sum.failed = append(sum.failed, t.label+" "+c.Name)
			default:
				sum.passed++
			}
		}
	}
	switch {
	case t.status != "PASSED" && sum.passed+len(sum.failed) == before:
		sum.failed = append(sum.failed, t.label)
	case len(report.Suites) == 0:
		sum.passed++
	}
	return nil
}
