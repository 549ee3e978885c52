package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// report is what one check gave.
type report struct {
	Check       string       `json:"check"`
	Build       string       `json:"build"`
	Status      string       `json:"status"`
	Reason      string       `json:"reason"`
	Differences []difference `json:"differences"`
	Fixture     string       `json:"fixture"`
	Saved       string       `json:"saved,omitempty"`

	file *fixture
}

// save writes the fixture.
func (r *report) save(folder, state string) error {
	if state == "" {
		state = "captured-" + statusWord(r.Status)
	}
	name := r.Build + "-" + state
	if err := r.file.save(folder, r.Check, name); err != nil {
		return err
	}
	r.Saved = r.Check + "/" + name + ".txt"
	return nil
}

// statusWord makes a status part of a file's name.
func statusWord(status string) string {
	word := []byte(status)
	for i, c := range word {
		if c < 'a' || c > 'z' {
			word[i] = '-'
		}
	}
	return string(word)
}

// print writes the report as a line for a program or some for a person.
func (r *report) print(out io.Writer, asJSON bool) error {
	if asJSON {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("writing the report on %s: %w", r.Check, err)
		}
		return written(fmt.Fprintf(out, "%s\n", line))
	}
	text := fmt.Sprintf("%s: %s. %s\n", r.Check, r.Status, r.Reason)
	for i := range r.Differences {
		text += "  DIFFERENT " + r.Differences[i].String() + "\n"
	}
	if r.Saved != "" {
		text += "  saved as " + r.Saved + "\n"
	}
	return written(io.WriteString(out, text))
}

func written(_ int, err error) error {
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
