package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	printable "github.com/osiriscare/osiris/shared/plain"
)

// printJSON prints one object.
func (s *shell) printJSON(v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err = s.stdout.Write(append(printable.JSON(raw), '\n'))
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
	_, err = s.stdout.Write(append(printable.JSON(b.Bytes()), '\n'))
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
func plain(text string) string {
	text = printable.Text(text)
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
