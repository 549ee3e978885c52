package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// aligned makes a table whose columns lean right.
func aligned(w io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
}

func table(out io.Writer, wanted []target, built []agent, allowance int64) {
	w := aligned(out)
	fmt.Fprintln(w, "target\tbytes\tlimit\tfree\t")
	for i, b := range built {
		most := wanted[i].limit + allowance
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", wanted[i], b.Bytes, most, most-b.Bytes)
	}
	_ = w.Flush() // run flushes what is below it
	if allowance > 0 {
		fmt.Fprintf(out, "built by go build, whose names of functions are longer: about 36,000 bytes more than what Bazel releases, and 40,000 more are allowed;\n"+
			"that what is released stays under 5,000,000 is judged by ./dev bazel test //tools/size:agent_size_test\n")
	}
}

// Groups of packages, as a developer thinks of them.
const (
	groupOurs  = "all of Osiris"
	groupStd   = "all of the standard library"
	groupOther = "all other modules"
	groupRest  = "not attributed"
)

var groups = []string{groupOurs, groupStd, groupOther, groupRest}

func groupOf(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	switch {
	case strings.HasPrefix(pkg, module+"/"):
		return groupOurs
	case strings.Contains(first, "."):
		return groupOther
	}
	return groupStd
}

// counted are the bytes of each package and group; all that is not a group is a
// package.
func counted(a *agent) map[string]int64 {
	bytes := map[string]int64{}
	for _, s := range a.Packages {
		bytes[s.Package] = s.Bytes
		bytes[groupOf(s.Package)] += s.Bytes
	}
	for _, r := range a.NotAttributed {
		bytes[groupRest] += r.Bytes
	}
	return bytes
}

// ranked are the packages of all targets, the heaviest first.
func ranked(counts []map[string]int64) []string {
	most := map[string]int64{}
	for _, c := range counts {
		for name, n := range c {
			if !slices.Contains(groups, name) {
				most[name] = max(most[name], n)
			}
		}
	}
	var names []string
	for name := range most {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(most[b], most[a]), strings.Compare(a, b)) })
	return names
}

// packages prints what each package has on each target. Ours come first, because
// only they can be changed.
func packages(out io.Writer, built []agent, top int) {
	var counts []map[string]int64
	head := "\n"
	for i := range built {
		counts = append(counts, counted(&built[i]))
		head += built[i].GOOS + "/" + built[i].GOARCH + "\t"
	}
	w := aligned(out)
	row := func(name string) {
		for _, c := range counts {
			fmt.Fprintf(w, "%d\t", c[name])
		}
		fmt.Fprintf(w, "  %s\n", strings.TrimPrefix(name, module+"/"))
	}
	fmt.Fprintln(w, head+"  package")
	names := ranked(counts)
	for _, group := range groups {
		row(group)
		shown := 0
		for _, name := range names {
			if groupOf(name) == group && (top <= 0 || shown < top) {
				row(name)
				shown++
			}
		}
	}
	_ = w.Flush() // as in table
}

// parts prints the packages of one target with what their bytes are.
func parts(out io.Writer, a *agent, top int) {
	w := aligned(out)
	fmt.Fprintln(w, "\nbytes\tcode\tlines\tdata\ttypes\t  package")
	for i, s := range a.Packages {
		if top > 0 && i >= top {
			break
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t  %s\n", s.Bytes, s.Code, s.Lines, s.Data, s.Types, strings.TrimPrefix(s.Package, module+"/"))
	}
	for _, group := range groups {
		fmt.Fprintf(w, "%d\t\t\t\t\t  %s\n", counted(a)[group], group)
	}
	for _, r := range a.NotAttributed {
		fmt.Fprintf(w, "%d\t\t\t\t\t    %s\n", r.Bytes, r.What)
	}
	_ = w.Flush() // as in table
}

var errNothingKept = errors.New("there is no agent with packages in it: ./dev size --json writes such a file")

// readKept reads an output of --json.
func readKept(path string) ([]agent, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading what was kept: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	var kept []agent
	for d := json.NewDecoder(f); ; {
		var a agent
		switch err := d.Decode(&a); {
		case errors.Is(err, io.EOF) && len(kept) > 0:
			return kept, nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("reading %s: %w", path, errNothingKept)
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", path, err)
		case len(a.Packages) > 0:
			kept = append(kept, a)
		}
	}
}

// smallChange is what a package changes by when another one moves it: names and
// lines that were shared get another owner.
const smallChange = 100

// differences prints what grew and what shrank of each target that was kept.
func differences(out io.Writer, kept, built []agent) {
	for i := range built {
		b := &built[i]
		at := slices.IndexFunc(kept, func(k agent) bool { return k.GOOS == b.GOOS && k.GOARCH == b.GOARCH })
		if at < 0 {
			fmt.Fprintf(out, "\n%s/%s was not kept\n", b.GOOS, b.GOARCH)
			continue
		}
		fmt.Fprintf(out, "\n%s/%s: %+d bytes\n", b.GOOS, b.GOARCH, b.Bytes-kept[at].Bytes)
		w := aligned(out)
		few, grown := 0, int64(0)
		for _, d := range changed(&kept[at], b) {
			if d.grown < smallChange && d.grown > -smallChange {
				few, grown = few+1, grown+d.grown
				continue
			}
			fmt.Fprintf(w, "%+d\t%d\t  %s\n", d.grown, d.bytes, strings.TrimPrefix(d.name, module+"/"))
		}
		if few > 0 {
			fmt.Fprintf(w, "%+d\t\t  %d others, each by less than %d\n", grown, few, smallChange)
		}
		_ = w.Flush() // as in table
	}
}

// change is a package that another build has another number of bytes of.
type change struct {
	name         string
	bytes, grown int64
}

// changed lists what differs, the most grown first; the changes sum up to the
// file's.
func changed(before, after *agent) (all []change) {
	old, now := counted(before), counted(after)
	for name := range old {
		now[name] += 0
	}
	for name, n := range now {
		if grown := n - old[name]; grown != 0 && (name == groupRest || !slices.Contains(groups, name)) {
			all = append(all, change{name, n, grown})
		}
	}
	slices.SortFunc(all, func(a, b change) int { return cmp.Or(cmp.Compare(b.grown, a.grown), strings.Compare(a.name, b.name)) })
	return all
}
