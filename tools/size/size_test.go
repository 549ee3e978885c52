package main

import (
	"strings"
	"testing"
)

func TestJudgeFailsForEachTargetOverItsLimit(t *testing.T) {
	at := func(over string) []agent {
		var built []agent
		for _, tt := range targets {
			b := agent{GOOS: tt.goos, GOARCH: tt.goarch, Bytes: tt.limit}
			if tt.goos+"/"+tt.goarch == over {
				b.Bytes++
			}
			built = append(built, b)
		}
		return built
	}
	if err := judge(targets, at(""), 0); err != nil {
		t.Errorf("judge(all at their limit) = %v; want none", err)
	}
	for _, tt := range targets {
		name := tt.goos + "/" + tt.goarch
		if err := judge(targets, at(name), 0); err == nil || !strings.Contains(err.Error(), name+" is 1 bytes over") {
			t.Errorf("judge(%s one byte over) = %v; want an error that names it", name, err)
		}
	}
}

func TestTheCustomersLimitHoldsWhereItMust(t *testing.T) {
	want := map[string]int64{"windows/amd64": 4_990_000, "windows/arm64": 4_999_999, "darwin/arm64": 4_999_999}
	for _, tt := range targets {
		if most, ok := want[tt.goos+"/"+tt.goarch]; ok && tt.limit > most {
			t.Errorf("limit of %s/%s = %d; want at most %d (D20)", tt.goos, tt.goarch, tt.limit, most)
		}
	}
}

func TestAnAgentThatWasNotBuiltDoesNotFit(t *testing.T) {
	files := []string{"windows/amd64=" + t.TempDir()}
	if _, err := measure(targets[0], files); err != nil {
		t.Errorf("measure(%v) = %v; want its size", files, err)
	}
	if _, err := measure(targets[1], files); err == nil || !strings.Contains(err.Error(), "windows/arm64") {
		t.Errorf("measure of a target without a file = %v; want an error that names it", err)
	}
}
