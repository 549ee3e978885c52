package runbook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Shell is the document as a Linux host's "sh -s" reads it: the prelude, the
// parameters, each part, the postlude. Parameters become OSIRIS_P_<name>, the
// snapshot OSIRIS_SNAPSHOT: the one place where data meets the text of a script,
// so quote is all that keeps them apart.
//
// Each part is a subshell of its own that reads nothing: sh takes the rest of the
// document from the same standard input.
func (d *Document) Shell() ([]byte, error) {
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("encoding a document: %w", err)
	}
	var out strings.Builder
	out.WriteString(d.prelude)
	for _, name := range slices.Sorted(maps.Keys(d.Parameters)) {
		if !shellPattern(name) {
			return nil, fmt.Errorf("encoding a document: %w: parameter %.64q has other than a-z and underscores", ErrDocument, name)
		}
		value, err := quote(d.Parameters[name])
		if err != nil {
			return nil, fmt.Errorf("encoding a document: parameter %s: %w", name, err)
		}
		fmt.Fprintf(&out, "OSIRIS_P_%s=%s\n", name, value)
	}
	if len(d.Snapshot) > 0 {
		var state string
		if err := json.Unmarshal(d.Snapshot, &state); err != nil {
			return nil, fmt.Errorf("encoding a document: %w: a snapshot of Linux is a text: %w", ErrDocument, err)
		}
		value, err := quote(state)
		if err != nil {
			return nil, fmt.Errorf("encoding a document: snapshot: %w", err)
		}
		fmt.Fprintf(&out, "OSIRIS_SNAPSHOT=%s\n", value)
	}
	for _, p := range d.Parts {
		fmt.Fprintf(&out, "osiris_part %s\n(\n%s\n) </dev/null\nosiris_done %s $?\n", p.Name, strings.TrimSuffix(p.Script, "\n"), p.Name)
	}
	out.WriteString(d.postlude)
	if out.Len() > maxDocument {
		return nil, fmt.Errorf("encoding a document: %w: %d bytes, at most %d", ErrDocument, out.Len(), maxDocument)
	}
	return []byte(out.String()), nil
}

// shellPattern tells whether a name may be part of a variable's.
func shellPattern(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// quote writes a value as one word of a POSIX shell. Between single quotes only a
// single quote means anything; a NUL cannot be in a variable.
func quote(value string) (string, error) {
	if strings.ContainsRune(value, 0) {
		return "", fmt.Errorf("%w: the value has a NUL", ErrDocument)
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'", nil
}
