package bundle

import "time"

// Result is what a verification ends with.
type Result string

// Results. Only Proven means that nothing is left open.
const (
	Proven   Result = "proven"
	Broken   Result = "broken"
	Unpinned Result = "unpinned"
)

// ExitCode is what a command line tool exits with.
func (r Result) ExitCode() int {
	switch r {
	case Proven:
		return 0
	case Unpinned:
		return 3
	default:
		return 1
	}
}

// Problem is one thing that is wrong, and in which file or folder.
type Problem struct {
	File string `json:"file"`
	What string `json:"what"`
}

// Report is the verification of one folder. Fields say what the files claim;
// Result says how far that is proven.
type Report struct {
	Result         Result    `json:"result"`
	Dir            string    `json:"dir"`
	Problems       []Problem `json:"problems"` // why broken
	Open           []string  `json:"open"`     // why not proven although consistent
	Notes          []string  `json:"notes"`    // what is odd and changes no result
	BundleID       string    `json:"bundle_id"`
	Kind           string    `json:"kind"`
	SiteID         string    `json:"site_id"`
	ApplianceID    string    `json:"appliance_id"`
	Summary        string    `json:"summary"`
	MadeTime       Time      `json:"made_time"`
	Signer         string    `json:"signer"` // fingerprint of the bundle key
	Root           string    `json:"root"`   // fingerprint of the Central root that endorses it
	Origin         string    `json:"origin"`
	Index          uint64    `json:"index"`
	CheckpointSize uint64    `json:"checkpoint_size"`
	CosignedSize   uint64    `json:"cosigned_size"` // 0 when no witness has cosigned
	Witnesses      []string  `json:"witnesses"`
	CosignedAt     time.Time `json:"cosigned_at,omitzero"`
}

// problem notes that something is wrong.
func (r *Report) problem(file, what string) { r.Problems = append(r.Problems, Problem{file, what}) }

// note notes what a reader should know although the result stays as it is.
func (r *Report) note(what string) { r.Notes = append(r.Notes, what) }

// blames reports whether a problem names the file.
func (r *Report) blames(file string) bool {
	for _, p := range r.Problems {
		if p.File == file {
			return true
		}
	}
	return false
}

// conclude sets the result from what was noted.
func (r *Report) conclude() { r.Result = conclude(len(r.Problems), len(r.Open)) }

func conclude(problems, open int) Result {
	switch {
	case problems > 0:
		return Broken
	case open > 0:
		return Unpinned
	}
	return Proven
}

// Limits is what no verification from files can show; a verifier says it.
var Limits = []string{
	"An event that was never logged leaves no trace here.",
	"Entries after the newest one that is stated here may exist: files cannot show that the end of a log was cut off.",
	"Times are those of the appliance's clock, but for the witness's time of cosigning.",
	"A witness run by the same vendor shows that the appliance did not rewrite its log later; against appliance and vendor together only checkpoints kept elsewhere help.",
}
