package probe

import (
	"io"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// plist walks a property list in XML, as plutil writes it from any form. The
// binary form is left to plutil: one small reader serves what it gives, and the
// agent's own for the binary form would cost more bytes than the command's line
// (measured 2026-11-22).
type plist struct {
	rest  string
	depth int // of the dict or array we are in
	// top is the key at the top under which we are; key names the value.
	top, key, value string
	// closed is set instead of a value at the end of a dict or array, which is
	// then no longer counted by depth.
	closed bool
}

// plistLimit bounds the steps through one list.
const plistLimit = 20_000

// next moves to the next value, or the next end of a dict or array.
func (p *plist) next() bool {
	for range plistLimit {
		_, rest, ok := strings.Cut(p.rest, "<")
		if !ok {
			return false
		}
		tag, rest, ok := strings.Cut(rest, ">")
		if !ok {
			return false
		}
		text, _, _ := strings.Cut(rest, "<")
		p.rest = rest
		switch tag {
		case "dict", "array":
			p.depth++
		case "/dict", "/array":
			p.depth--
			p.closed = true
			return true
		case "key":
			if p.key = plainText(text); p.depth == 1 {
				p.top = p.key
			}
		case "true/", "false/", "integer", "real", "string", "date":
			switch p.value = plainText(text); tag {
			case "true/":
				p.value = "1"
			case "false/":
				p.value = "0"
			}
			p.closed = false
			return true
		}
	}
	return false
}

var entities = [...]string{"&lt;", "<", "&gt;", ">", "&amp;", "&"}

// plainText undoes the escapes of XML.
func plainText(s string) string {
	for i := 0; i < len(entities); i += 2 {
		s = strings.ReplaceAll(s, entities[i], entities[i+1])
	}
	return s
}

// Bounds of a list of updates: each is a fact.
const (
	macUpdateLimit = 32
	macNameLimit   = 128
)

// parsePlist gives the facts of a property list: the lines of words are
// "FACT|VALUE|KEY" for a key at the top, and VALUE may be
//
//	@      for how many days the date has passed
//	rows   the dicts of an array, as rows of Name, Version, Identifier
//	dates  the dates of a dict, as rows of Identifier, Days
//	       and else the key's own value
func parsePlist(r io.Reader, words string, now time.Time, facts *check.Facts) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	p := &plist{rest: string(content)}
	var row check.Facts
	for p.next() {
		fact, value := plistRow(words, p.top)
		switch {
		case fact == "" || len(*facts) >= macUpdateLimit*2:
		case p.closed && value == "rows" && p.depth == 2 && row != nil:
			facts.Add(fact, check.FormatRow(row))
			row = nil
		case p.closed:
		case value == "rows" && p.depth == 3:
			if name := rowName(p.key); name != "" {
				row.Add(name, short(p.value))
			}
		case value == "dates" && p.depth == 2:
			if day, ok := parseDay(p.value); ok {
				facts.Add(fact, check.FormatRow(check.Facts{
					{Name: "Identifier", Value: short(p.key)}, {Name: "Days", Value: age(day, now)},
				}))
			}
		case p.depth != 1 || value == "rows" || value == "dates":
		case value == "@":
			if day, ok := parseDay(p.value); ok {
				facts.Add(fact, age(day, now))
			}
		default:
			facts.Add(fact, short(p.value))
		}
	}
	return nil
}

// plistRow is what words say of a key.
func plistRow(words, key string) (fact, value string) {
	for words != "" {
		var row string
		row, words, _ = strings.Cut(words, "\n")
		fact, row, _ := strings.Cut(row, "|")
		if value, name, _ := strings.Cut(row, "|"); name == key {
			return fact, value
		}
	}
	return "", ""
}

// rowName is what we call the keys of one update.
func rowName(key string) string {
	switch key {
	case "Display Name":
		return "Name"
	case "Display Version":
		return "Version"
	case "Identifier":
		return key
	}
	return ""
}

func short(s string) string { return strings.ToValidUTF8(s[:min(len(s), macNameLimit)], "?") }
