package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// printJSON prints one object.
func (s *shell) printJSON(v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err = s.stdout.Write(append(raw, '\n'))
	return err
}

// printMessage prints a message with the names of the .proto file. protojson
// varies its spaces on purpose, so they are made again.
func (s *shell) printMessage(m proto.Message) error {
	raw, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err = s.stdout.Write(append(b.Bytes(), '\n'))
	return err
}

// table prints rows under a heading; cells are foreign text and must not move
// the cursor or add lines.
func (s *shell) table(heading string, rows [][]string) error {
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, heading); err != nil {
		return err
	}
	for _, r := range rows {
		for i := range r {
			r[i] = plain(r[i])
		}
		if _, err := fmt.Fprintln(w, strings.Join(r, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// plain keeps foreign text on its line and in its order; "-" stands for nothing.
// Format characters (unicode.Cf) go: those of bidirectional text let a line show
// what it does not say.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case r < ' ', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, text)
	if text == "" {
		return "-"
	}
	return text
}

// when is a time for people.
func when(ms int64) string {
	if ms == 0 {
		return "never"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05Z")
}
