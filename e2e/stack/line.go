package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Line is one line that a program logged.
type Line struct {
	// Source is central, appliance or agent.
	Source string
	// Time, Level and Message are as logged; they are empty when the line is
	// not JSON, such as the trace of a crash.
	Time, Level, Message string
	// Fields are the other members, in the order logged.
	Fields []Field
	// Raw is the line itself.
	Raw string
}

// Field is one fact of a line.
type Field struct{ Key, Value string }

// Get gives a field's value, or nothing.
func (l Line) Get(key string) string {
	for _, f := range l.Fields {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

// parseLine reads a line of JSON and keeps the order of its members.
func parseLine(source, raw string) Line {
	line := Line{Source: source, Raw: raw}
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return line
	}
	var parsed Line
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return line
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return line
		}
		parsed.add(fmt.Sprint(key), text(value))
	}
	parsed.Source, parsed.Raw = source, raw
	return parsed
}

func (l *Line) add(key, value string) {
	switch key {
	case "time":
		l.Time = value
	case "level":
		l.Level = strings.ToUpper(value)
	case "msg":
		l.Message = value
	default:
		l.Fields = append(l.Fields, Field{key, value})
	}
}

// text gives a string's content, and any other value as it is written.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(bytes.TrimSpace(value))
}
