package check

import "strings"

// A fact that stands for one row of a table (a WMI instance, a service, an
// account) has the text "Name=value;Name=value", in the order of the row's
// source; ';' and '\' inside a value are escaped by '\'. A value that the source
// left empty (NULL) is not there.

// FormatRow writes a row's values as one fact's text.
func FormatRow(row Facts) string {
	text := ""
	for _, f := range row {
		text = AppendField(text, f.Name, f.Value)
	}
	return text
}

// AppendField adds one value to a row's text. Names hold neither '=' nor ';' nor
// '\'; line ends and NULs in values become spaces, so that a fact stays one line.
func AppendField(row, name, value string) string {
	for _, pair := range &escapes {
		value = strings.ReplaceAll(value, pair[:1], pair[1:])
	}
	if row != "" {
		row += ";"
	}
	return row + name + "=" + value
}

// escapes are characters, each with what stands for it, in this order.
var escapes = [...]string{`\\\`, `;\;`, "\n ", "\r ", "\x00 "}

// row reads what FormatRow writes. A part without '=' has an empty value, and a
// '\' at the very end stands for itself: a judge never fails.
func row(text string) Facts {
	var out Facts
	var part []byte
	for i := 0; i <= len(text); i++ {
		if i == len(text) || text[i] == ';' {
			if name, value, _ := strings.Cut(string(part), "="); name != "" {
				out.Add(name, value)
			}
			part = part[:0]
			continue
		}
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		part = append(part, text[i])
	}
	return out
}

// next puts the next row of the facts named so, from place *i on, into r; false
// after the last. A loop over it is smaller than a closure that changes things.
func (f Facts) next(name string, i *int, r *Facts) bool {
	for *i < len(f) {
		fact := &f[*i]
		*i++
		if fact.Name == name {
			*r = row(fact.Value)
			return true
		}
	}
	return false
}

// row is the first row of the facts named so; nil if there is none.
func (f Facts) row(name string) Facts {
	value, ok := f.Get(name)
	if !ok {
		return nil
	}
	return row(value)
}

// text is the first value with this name, or nothing.
func (f Facts) text(name string) string {
	value, _ := f.Get(name)
	return value
}
