package runbook

import "unicode/utf8"

// bound cuts what a host tells too much of: a part with too many or too long facts
// becomes one that is not OK, and a clock that cannot be none. What one part tells
// may be written by anybody who is logged on to the host, such as the settings of
// their own screen; so it must not hide what the other parts tell.
func (r *Reply) bound() {
	if r.Clock != nil && !r.Clock.possible() {
		r.Clock = nil
	}
	for i := range r.Parts {
		o := &r.Parts[i]
		if len(o.Notes) > maxNotes {
			o.Notes = append(o.Notes[:maxNotes-1:maxNotes-1], "There are more notes.")
		}
		for j := range o.Notes {
			o.Notes[j] = cut(o.Notes[j], maxFact)
		}
		o.Error, o.Code = cut(o.Error, maxFact), cut(o.Code, maxWord)
		if err := o.validate(); err != nil {
			*o = Outcome{Name: o.Name, Changed: o.Changed, Reboot: o.Reboot, Notes: o.Notes, Error: cut(err.Error(), maxFact)}
		}
	}
}

// cut shortens a text to a number of bytes, at the beginning of a character.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
