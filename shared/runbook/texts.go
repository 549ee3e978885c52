package runbook

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// MaxText is the largest text, in bytes.
const MaxText = 64 << 10

// Texts are all scripts of a catalogue. They never change once loaded.
type Texts struct {
	byPath map[string]*Text
	order  []*Text
}

// extensions of each platform's scripts.
var extensions = map[string]string{"windows": ".ps1", "linux": ".sh"}

// frame are the texts around the parts.
var frame = map[string]Kind{
	"windows/bootstrap.ps1": Bootstrap, "windows/prelude.ps1": Prelude,
	"linux/prelude.sh": Prelude, "linux/prelude_access.sh": Prelude, "linux/prelude_audit.sh": Prelude, "linux/prelude_firewall.sh": Prelude,
	"linux/prelude_logs.sh": Prelude, "linux/prelude_services.sh": Prelude, "linux/prelude_upkeep.sh": Prelude, "linux/postlude.sh": Postlude,
}

// declaration is the file beside a facts script, <check>.yaml.
type declaration struct {
	TimeoutSeconds int      `yaml:"timeout_seconds"`
	Reads          []string `yaml:"reads"`
}

// loadTexts reads a folder of scripts: <platform>/<frame>, <platform>/facts/<check>
// and <platform>/<runbook>.<phase>.
func loadTexts(files fs.FS) (*Texts, error) {
	t := &Texts{byPath: map[string]*Text{}}
	for _, pattern := range []string{"*/*", "*/facts/*"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return nil, fmt.Errorf("listing scripts: %w", err)
		}
		for _, name := range names {
			if path.Base(name) == "facts" || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".md") {
				continue
			}
			text, err := readText(files, name)
			if err != nil {
				return nil, fmt.Errorf("reading script %s: %w", name, err)
			}
			t.byPath[name] = text
			t.order = append(t.order, text)
		}
	}
	slices.SortFunc(t.order, func(a, b *Text) int { return strings.Compare(a.Path, b.Path) })
	return t, nil
}

func readText(files fs.FS, name string) (*Text, error) {
	text := &Text{Path: name}
	text.Platform, _, _ = strings.Cut(name, "/")
	extension, ok := extensions[text.Platform]
	if !ok || path.Ext(name) != extension {
		return nil, fmt.Errorf("%w: scripts are .ps1 below windows and .sh below linux", ErrInvalid)
	}
	body, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	if len(body) > MaxText {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrInvalid, len(body), MaxText)
	}
	for i, c := range body {
		if c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return nil, fmt.Errorf("%w: byte %d is %#02x; a script is ASCII with line feeds", ErrInvalid, i, c)
		}
	}
	text.Body = string(body)
	base := strings.TrimSuffix(path.Base(name), extension)
	switch {
	case frame[name] != "":
		text.Kind = frame[name]
	case path.Base(path.Dir(name)) == "facts":
		text.Kind, text.Check = Facts, check.ID(base)
		return text, text.declare(files)
	default:
		dot := strings.LastIndexByte(base, '.')
		if dot < 0 {
			return nil, fmt.Errorf("%w: it is named for no phase", ErrInvalid)
		}
		text.Runbook, text.Kind = base[:dot], Kind(base[dot+1:])
	}
	return text, nil
}

// declare reads what a facts script is declared to read.
func (t *Text) declare(files fs.FS) error {
	name := strings.TrimSuffix(t.Path, path.Ext(t.Path)) + ".yaml"
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("%w: a facts script needs its declaration: %w", ErrInvalid, err)
	}
	if len(content) > MaxFile {
		return fmt.Errorf("%w: %s: %d bytes, at most %d", ErrInvalid, name, len(content), MaxFile)
	}
	var d declaration
	if err := Decode(content, &d); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrInvalid, name, err)
	}
	if err := checkResources(d.Reads); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrInvalid, name, err)
	}
	if d.TimeoutSeconds < 1 || d.TimeoutSeconds > maxTimeout || len(d.Reads) == 0 {
		return fmt.Errorf("%w: %s: reads is empty or timeout_seconds is not 1 to %d", ErrInvalid, name, maxTimeout)
	}
	t.Reads, t.TimeoutSeconds = d.Reads, d.TimeoutSeconds
	return nil
}

// All returns the texts sorted by path.
func (t *Texts) All() []*Text { return slices.Clone(t.order) }

// Facts returns the script that reads a check's facts, or ErrUnknown.
func (t *Texts) Facts(platform string, id check.ID) (*Text, error) {
	return t.get(platform + "/facts/" + string(id) + extensions[platform])
}

// Checks returns what the facts scripts of a platform are for, sorted.
func (t *Texts) Checks(platform string) []check.ID {
	var ids []check.ID
	for _, text := range t.order {
		if text.Kind == Facts && text.Platform == platform {
			ids = append(ids, text.Check)
		}
	}
	return ids
}

// frame returns the text around the parts; of several of a kind the one that is
// named for it comes first.
func (t *Texts) frame(platform string, kind Kind) (string, error) {
	first, err := t.get(platform + "/" + string(kind) + extensions[platform])
	if err != nil {
		return "", err
	}
	body := first.Body
	for _, text := range t.order {
		if text != first && text.Platform == platform && text.Kind == kind {
			body += text.Body
		}
	}
	return body, nil
}

func (t *Texts) get(name string) (*Text, error) {
	text, ok := t.byPath[name]
	if !ok {
		return nil, fmt.Errorf("%w: no script %.128s", ErrUnknown, name)
	}
	return text, nil
}

// errStray is a script that no runbook names.
var errStray = errors.New("no runbook has this phase")

// bind gives a runbook's phases their scripts and computes its hash. used notes
// which texts were taken.
func (t *Texts) bind(r *Runbook, used map[string]bool) error {
	var all []*Text
	for platform, road := range map[string]*ScriptRoad{"windows": r.Roads.WinRM, "linux": r.Roads.SSH} {
		if road == nil {
			continue
		}
		for _, p := range road.phases() {
			text, err := t.get(platform + "/" + r.ID + "." + string(p.kind) + extensions[platform])
			if err != nil {
				return err
			}
			text.Reads, text.Writes, text.Effects = p.phase.Reads, p.phase.Writes, p.phase.Effects
			text.Refuses, text.TimeoutSeconds = p.phase.Refuses, p.phase.TimeoutSeconds
			p.phase.Script = text
			all = append(all, text)
		}
		for _, id := range r.Checks {
			text, err := t.Facts(platform, id)
			if err != nil {
				return err
			}
			all = append(all, text)
		}
		for _, text := range t.order {
			if text.Platform == platform && frame[text.Path] != "" {
				all = append(all, text)
			}
		}
	}
	for _, text := range all {
		used[text.Path] = true
	}
	r.Hash = hashWith(r.Hash, all)
	return nil
}

// hashWith covers a runbook's file and its texts, in the order of their paths;
// without texts it is the file's own.
func hashWith(file [32]byte, texts []*Text) [32]byte {
	if len(texts) == 0 {
		return file
	}
	texts = slices.Clone(texts)
	slices.SortFunc(texts, func(a, b *Text) int { return strings.Compare(a.Path, b.Path) })
	h := sha256.New()
	h.Write(file[:])
	for _, text := range texts {
		name, body := sha256.Sum256([]byte(text.Path)), sha256.Sum256([]byte(text.Body))
		h.Write(name[:])
		h.Write(body[:])
	}
	return [32]byte(h.Sum(nil))
}
