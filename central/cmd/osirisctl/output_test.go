package main

import (
	"bytes"
	"strings"
	"testing"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

func TestJSONAndErrorsDoNothingToATerminal(t *testing.T) {
	var out bytes.Buffer
	s := &shell{stdout: &out, stderr: &out}
	if err := s.printMessage(&centralv1.OrderSight{Reason: "\u009b2J\u202e"}); err != nil || !strings.Contains(out.String(), `\u009b2J\u202e`) {
		t.Errorf("printMessage = %v, %q; want both escaped", err, out.String())
	}
	out.Reset()
	if err := s.printJSON("\u009b"); err != nil || out.String() != "\"\\u009b\"\n" {
		t.Errorf("printJSON = %v, %q; want it escaped", err, out.String())
	}
	out.Reset()
	code := runFrom(t.Context(), []string{"no\u009bsuch\u202ecommand"}, func(string) string { return "" }, nil, &out, &out)
	if code != exitUsage || strings.ContainsAny(out.String(), "\u009b\u202e") {
		t.Errorf("a command that is none = %d, %q", code, out.String())
	}
}
