package stack

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLine(t *testing.T) {
	tests := []struct {
		name, raw string
		want      Line
	}{
		{
			"a line of slog keeps the order of its fields",
			`{"time":"2026-11-22T01:02:03Z","level":"INFO","msg":"evidence logged","index":7,"bundle":"b1","ok":true}`,
			Line{Time: "2026-11-22T01:02:03Z", Level: "INFO", Message: "evidence logged", Fields: []Field{{"index", "7"}, {"bundle", "b1"}, {"ok", "true"}}},
		},
		{"the trace of a crash stays raw", "goroutine 1 [running]:", Line{}},
		{"half a line stays raw", `{"msg":"x","index":`, Line{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Source, tt.want.Raw = "agent", tt.raw
			if diff := cmp.Diff(tt.want, parseLine("agent", tt.raw)); diff != "" {
				t.Errorf("parseLine(%s) differs (-want +got):\n%s", tt.raw, diff)
			}
		})
	}
}
