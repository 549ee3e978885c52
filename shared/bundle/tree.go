package bundle

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
)

// TreeReport is the verification of an export.
type TreeReport struct {
	Result   Result      `json:"result"`
	Dir      string      `json:"dir"`
	Bundles  int         `json:"bundles"`
	Proven   int         `json:"proven"`
	Broken   int         `json:"broken"`
	Unpinned int         `json:"unpinned"`
	Problems []Problem   `json:"problems"` // files relative to Dir
	Open     []string    `json:"open"`     // why not proven although consistent
	Notes    []string    `json:"notes"`    // what is odd and changes no result
	Roots    []string    `json:"roots"`    // fingerprints of the roots that endorse the signers
	Logs     []LogReport `json:"logs"`
}

// LogReport is what an export shows of one log.
type LogReport struct {
	Origin       string  `json:"origin"`
	Entries      int     `json:"entries"`       // whose folders are here and not broken
	Size         uint64  `json:"size"`          // newest size that any checkpoint here states
	CosignedSize uint64  `json:"cosigned_size"` // newest size that a witness cosigned
	Uncovered    uint64  `json:"uncovered"`     // entries beyond it
	Missing      []Range `json:"missing"`       // positions whose folders are not here
	Recomputed   bool    `json:"recomputed"`    // every checkpoint's root was computed from the entries
}

// Range is positions from First to Last.
type Range struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// VerifyTree judges an export YYYY/MM/DD/<uuid>/ with all its folders, and the
// logs across them: two entries at one position, neighbours that do not chain,
// two roots at one size. How long a log was at least is also learnt from the
// checkpoints beside the tiles and from entry 0 of later logs. A year, a month,
// a day and any folder of bundles' folders are fine too; what is missing is
// said. Names that are not of an export are noted. progress, if not nil, is
// called after each folder with their number so far.
//
// ErrNoEvidence means that root is nothing of this; the other errors are that
// root cannot be read and that ctx ended, and then the report is not whole.
func VerifyTree(ctx context.Context, root string, pin *signed.KeyID, progress func(done int)) (TreeReport, error) {
	t := &treeVerifier{
		TreeReport: &TreeReport{Dir: root, Problems: []Problem{}, Open: []string{}, Notes: []string{}, Roots: []string{}, Logs: []LogReport{}},
		verifier:   newVerifier(pin), progress: progress, logs: map[string]*logView{}, roots: map[string]bool{},
		open: map[string]int{}, odd: map[string]int{}, keys: logKeys{logs: map[string]note.Verifier{}},
	}
	var err error
	if t.depth, err = depthOf(root); err != nil {
		return *t.TreeReport, err
	}
	if t.depth == depthYears {
		t.tiles() // before the folders: an appliance that goes on makes folders first
	}
	t.walk(ctx, root, "", t.depth)
	if err := ctx.Err(); err != nil {
		return *t.TreeReport, fmt.Errorf("verifying %s: %w", root, err)
	}
	if t.Bundles == 0 && len(t.Problems) == 0 {
		t.problem(".", "holds no evidence: no folder YYYY/MM/DD/<uuid>")
	}
	t.conclude()
	return *t.TreeReport, nil
}

// conclude judges the logs and sums up.
func (t *treeVerifier) conclude() {
	t.stateKnown()
	for _, origin := range slices.Sorted(maps.Keys(t.logs)) {
		t.Logs = append(t.Logs, t.logs[origin].judge(origin, t.problem))
	}
	t.Roots = slices.AppendSeq(t.Roots, maps.Keys(t.roots))
	slices.Sort(t.Roots)
	for _, why := range slices.Sorted(maps.Keys(t.open)) {
		t.Open = append(t.Open, fmt.Sprintf("%d of %d bundles: %s", t.open[why], t.Bundles, why))
	}
	for _, what := range slices.Sorted(maps.Keys(t.odd)) {
		t.note("%d of %d bundles: %s", t.odd[what], t.Bundles, what)
	}
	t.Result = conclude(len(t.Problems), len(t.Open))
}

// treeVerifier walks an export.
type treeVerifier struct {
	*TreeReport
	*verifier
	progress func(int)
	logs     map[string]*logView
	roots    map[string]bool
	open     map[string]int // reasons, and how many bundles have them
	odd      map[string]int // notes likewise
	keys     logKeys
	known    []known
	beside   []beside
	depth    int // of the root
}

func (t *treeVerifier) problem(file, what string) {
	t.Problems = append(t.Problems, Problem{file, what})
}

func (t *treeVerifier) note(format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf(format, args...))
}

func (t *treeVerifier) walk(ctx context.Context, dir, relative string, depth int) {
	if ctx.Err() != nil {
		return
	}
	if depth == len(levels) {
		t.visit(dir, relative)
		return
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		t.problem(orDot(relative), "cannot be read: "+err.Error())
		return
	}
	for _, n := range names {
		path := filepath.Join(relative, n.Name())
		switch {
		case depth == depthYears && (n.Name() == DirPartial || n.Name() == DirTiles) && n.IsDir():
		case !n.IsDir() || !levels[depth].MatchString(n.Name()):
			t.note("%s: does not belong into an export, not looked at", path)
		default:
			t.walk(ctx, filepath.Join(dir, n.Name()), path, depth+1)
		}
	}
}

func orDot(relative string) string {
	if relative == "" {
		return "."
	}
	return relative
}

// visit judges one folder and notes what it says of its log.
func (t *treeVerifier) visit(dir, relative string) {
	report, l := t.folder(dir)
	t.Bundles++
	for _, p := range report.Problems {
		t.problem(filepath.Join(relative, filepath.Base(p.File)), p.What)
	}
	if l != nil {
		want := append(strings.Split(l.bundle.MadeTime.Time().Format("2006/01/02"), "/"), l.bundle.BundleID)
		if below := filepath.Join(want[t.depth:]...); below != relative {
			t.problem(relative, "is the folder of another bundle: it holds "+below)
			report.Result = Broken
		}
	}
	switch report.Result {
	case Proven:
		t.Proven++
	case Unpinned:
		t.Unpinned++
		for _, why := range report.Open {
			t.open[why]++
		}
	default:
		t.Broken++
	}
	for _, what := range report.Notes {
		t.odd[what]++
	}
	if report.Root != "" {
		t.roots[report.Root] = true
	}
	if l != nil {
		t.keys.add(l.keys)
		t.view(l.entry.Origin).add(relative, l, t.problem)
		t.before(relative, l)
	}
	if t.progress != nil {
		t.progress(t.Bundles)
	}
}

func (t *treeVerifier) view(origin string) *logView {
	v, ok := t.logs[origin]
	if !ok {
		v = &logView{seen: map[uint64]seen{}, points: map[uint64]stated{}}
		t.logs[origin] = v
	}
	return v
}

// stated is a checkpoint's root and the file that has it.
type stated struct {
	root logproof.Hash
	file string
}
