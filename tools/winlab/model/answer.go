package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/runbook"
)

// powerShell is what Windows Server 2025 and Windows 11 have.
const powerShell = "5.1.26100.7171"

// answer runs a document. An error is one that stops PowerShell itself; what a
// part meets is in the reply.
func (h *Host) answer(input []byte, began time.Time) (reply []byte, restart bool, err error) {
	doc, err := runbook.ReadDocument(input)
	if err != nil {
		return nil, false, err
	}
	texts, err := h.cfg.Catalogue.Recognise(doc)
	if err != nil {
		return nil, false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.applyPolicies()
	out := &runbook.Reply{Hostname: h.cfg.Name, PowerShell: powerShell}
	for i, text := range texts {
		o := h.part(text, doc)
		o.Name, o.Ms = doc.Parts[i].Name, 1
		restart = restart || o.Changed && text.Runbook == rebootRunbook
		h.ran = append(h.ran, Ran{Text: text.Path, Parameters: doc.Parameters, Changed: o.Changed})
		out.Parts = append(out.Parts, o)
	}
	out.Clock = h.clock(began)
	reply, err = out.Windows()
	return reply, restart, err
}

// clock is the host's, as wrong as the model says, after a run that began then. As
// the script does it, how long that was is read first.
func (h *Host) clock(began time.Time) *runbook.Clock {
	ran := max(h.cfg.Now().Sub(began), 0).Truncate(time.Millisecond)
	behind := time.Duration(h.tree.number("time.offset_ms")) * time.Millisecond
	return &runbook.Clock{UTC: h.cfg.Now().Add(-behind), Ran: ran, Step: time.Millisecond}
}

// rebootRunbook restarts the machine by itself.
const rebootRunbook = "windows.reboot.schedule"

func (h *Host) part(text *runbook.Text, doc *runbook.Document) runbook.Outcome {
	name := string(text.Kind)
	if text.Kind == runbook.Facts {
		name = string(text.Check)
	}
	if d, ok := h.denied[name]; ok {
		return runbook.Outcome{Error: d.Message, Code: d.Code}
	}
	var o runbook.Outcome
	var err error
	switch text.Kind {
	case runbook.Facts:
		o.Facts, err = h.facts(text.Check)
	case runbook.Snapshot:
		o.State, err = h.snapshot(text.Runbook)
	case runbook.Remediate, runbook.Rollback:
		o.Changed, o.Reboot, err = h.phase(text, doc)
	default:
		err = fmt.Errorf("a text of the kind %s is no part", text.Kind)
	}
	if err != nil {
		return runbook.Outcome{Error: err.Error(), Code: "0x80131501"}
	}
	o.OK = true
	return o
}

const (
	fromSnapshot  = "$snapshot."
	fromParameter = "$parameter."
)

// snapshot saves what the runbook's rollback sets, by path, unless the script would
// give up on this host.
func (h *Host) snapshot(id string) (json.RawMessage, error) {
	book, err := h.cfg.Catalogue.Get(id)
	if err != nil {
		return nil, err
	}
	state := map[string]any{}
	if road := book.Roads.WinRM; road != nil && road.Snapshot != nil {
		for _, r := range road.Snapshot.Refuses {
			if h.somewhere(r.When) && (len(r.Unless) == 0 || !h.somewhere(r.Unless)) {
				return nil, errors.New(r.Because)
			}
		}
	}
	if road := book.Roads.WinRM; road != nil && road.Rollback != nil {
		for _, e := range road.Rollback.Effects {
			for _, path := range h.tree.match(e.Set) {
				state[path] = h.tree[path]
			}
		}
	}
	return json.Marshal(state)
}

// phase does what the text declares and nothing else. What is not on the host,
// such as a service of another role, is not made.
func (h *Host) phase(text *runbook.Text, doc *runbook.Document) (changed, reboot bool, err error) {
	saved := map[string]any{}
	if text.Kind == runbook.Rollback {
		if doc.Snapshot == nil {
			return false, false, fmt.Errorf("there is no snapshot")
		}
		if err := json.Unmarshal(doc.Snapshot, &saved); err != nil {
			return false, false, fmt.Errorf("reading the snapshot: %w", err)
		}
	}
	for _, e := range text.Effects {
		for _, path := range h.tree.match(e.Set) {
			if !h.holds(e, path, doc.Parameters) {
				continue
			}
			value, known, err := h.value(e.To, path, doc.Parameters, saved)
			if err != nil {
				return changed, false, err
			}
			if !known {
				continue
			}
			if value, err = further(e.How, h.tree[path], value); err != nil {
				return changed, false, fmt.Errorf("%s: %w", path, err)
			}
			did, err := h.tree.put(path, value)
			if err != nil {
				return changed, false, err
			}
			changed = changed || did
		}
	}
	book, err := h.cfg.Catalogue.Get(text.Runbook)
	if err != nil {
		return changed, false, err
	}
	return changed, changed && book.Reboot && text.Kind == runbook.Remediate, nil
}

// fromParameters is a condition on what the phase was given.
const fromParameters = "parameter."

// holds tells whether an effect happens at a path.
func (h *Host) holds(e runbook.Effect, path string, parameters map[string]string) bool {
	for condition, want := range e.When {
		if name, ok := strings.CutPrefix(condition, fromParameters); ok {
			given, there := parameters[name]
			if !runbook.Holds(given, there, want) {
				return false
			}
			continue
		}
		have, there := h.tree[e.At(condition, path)]
		if !runbook.Holds(have, there, want) {
			return false
		}
	}
	return true
}

// somewhere tells whether conditions hold, where a '*' is the same member in all of
// them, whichever.
func (h *Host) somewhere(conditions map[string]any) bool {
	members := []string{""}
	for path := range conditions {
		if prefix, _, ok := strings.Cut(path, ".*"); ok {
			members = h.tree.members(prefix)
		}
	}
	return slices.ContainsFunc(members, func(member string) bool {
		for path, want := range conditions {
			have, there := h.tree[strings.Replace(path, "*", member, 1)]
			if !runbook.Holds(have, there, want) {
				return false
			}
		}
		return true
	})
}

// further is a whole number that goes no less far than what was there.
func further(how string, old, value any) (any, error) {
	if how == "" {
		return value, nil
	}
	value, err := as(old, value)
	if err != nil {
		return nil, err
	}
	have, isNumber := old.(int64)
	want, _ := value.(int64)
	if !isNumber {
		return nil, fmt.Errorf("%w: %T, which is no whole number", errKind, old)
	}
	switch how {
	case runbook.Raise:
		return max(have, want), nil
	case runbook.Lower:
		return min(have, want), nil
	default:
		return have | want, nil
	}
}

// value is what an effect sets a path to; known is false for what the snapshot
// did not save.
func (h *Host) value(to any, path string, parameters map[string]string, saved map[string]any) (value any, known bool, err error) {
	text, _ := to.(string)
	if strings.HasPrefix(text, fromSnapshot) {
		value, known = saved[path]
		return value, known, nil
	}
	if name, ok := strings.CutPrefix(text, fromParameter); ok {
		given, there := parameters[name]
		if !there {
			return nil, false, fmt.Errorf("the parameter %s is missing", name)
		}
		return given, true, nil
	}
	return to, true, nil
}
