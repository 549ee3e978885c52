package bundle

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

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
	Roots    []string    `json:"roots"`    // fingerprints of the roots that endorse the signers
	Logs     []LogReport `json:"logs"`
}

// LogReport is what an export shows of one log.
type LogReport struct {
	Origin       string  `json:"origin"`
	Entries      int     `json:"entries"`       // whose folders are here and not broken
	Size         uint64  `json:"size"`          // newest size that any file states
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

// IsFolder reports whether path is one bundle's folder rather than an export.
func IsFolder(path string) bool {
	for _, name := range []string{FileJSON, FileSig, FileProof} {
		if _, err := os.Lstat(filepath.Join(path, name)); err == nil {
			return true
		}
	}
	return false
}

// VerifyTree judges an export YYYY/MM/DD/<uuid>/ with all its folders, and the
// logs across them: two entries at one position, neighbours that do not chain,
// two roots at one size. A part of an export is fine; what is missing is said.
// progress, if not nil, is called after each folder with their number so far.
func VerifyTree(root string, pin *signed.KeyID, progress func(done int)) TreeReport {
	t := &treeVerifier{
		TreeReport: &TreeReport{Dir: root, Problems: []Problem{}, Open: []string{}, Roots: []string{}, Logs: []LogReport{}},
		verifier:   newVerifier(pin), progress: progress, logs: map[string]*logView{}, roots: map[string]bool{}, open: map[string]int{},
	}
	t.walk(root, "", 0)
	if t.Bundles == 0 && len(t.Problems) == 0 {
		t.problem(root, "holds no evidence: no folder YYYY/MM/DD/<uuid>")
	}
	for _, origin := range slices.Sorted(maps.Keys(t.logs)) {
		t.Logs = append(t.Logs, t.logs[origin].judge(origin, t.problem))
	}
	t.Roots = slices.AppendSeq(t.Roots, maps.Keys(t.roots))
	slices.Sort(t.Roots)
	for _, why := range slices.Sorted(maps.Keys(t.open)) {
		t.Open = append(t.Open, fmt.Sprintf("%d of %d bundles: %s", t.open[why], t.Bundles, why))
	}
	t.Result = conclude(len(t.Problems), len(t.Open))
	return *t.TreeReport
}

// treeVerifier walks an export.
type treeVerifier struct {
	*TreeReport
	*verifier
	progress func(int)
	logs     map[string]*logView
	roots    map[string]bool
	open     map[string]int
}

func (t *treeVerifier) problem(file, what string) {
	t.Problems = append(t.Problems, Problem{file, what})
}

// levels is what folders are called at each depth of an export.
var levels = []*regexp.Regexp{
	regexp.MustCompile(`^\d{4}$`), regexp.MustCompile(`^\d{2}$`), regexp.MustCompile(`^\d{2}$`),
	regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
}

func (t *treeVerifier) walk(dir, relative string, depth int) {
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
		case depth == 0 && (n.Name() == DirPartial || n.Name() == DirTiles) && n.IsDir():
		case !n.IsDir() || !levels[depth].MatchString(n.Name()):
			t.problem(path, "does not belong into an export")
		default:
			t.walk(filepath.Join(dir, n.Name()), path, depth+1)
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
		if want := filepath.Join(l.bundle.MadeTime.Time().Format("2006/01/02"), l.bundle.BundleID); want != relative {
			t.problem(relative, "is the folder of another bundle: it holds "+want)
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
	if report.Root != "" {
		t.roots[report.Root] = true
	}
	if l != nil {
		t.view(l.entry.Origin).add(relative, l, t.problem)
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

// stated is a checkpoint and the folder that has it.
type stated struct {
	root   logproof.Hash
	folder string
}
