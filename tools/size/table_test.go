package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func sample(extra int64) *agent {
	return &agent{
		GOOS: "linux", GOARCH: "amd64", Bytes: 1000 + extra,
		Packages: []share{
			{Package: "runtime", Bytes: 600, Code: 600},
			{Package: module + "/agent/internal/say", Bytes: 200 + extra, Code: 200 + extra},
			{Package: "golang.org/x/net/http2/hpack", Bytes: 50, Data: 50},
		},
		NotAttributed: []rest{{"padding", 100}, {"texts", 50}},
	}
}

func TestGroupsSumUpToTheFile(t *testing.T) {
	a, sum := sample(0), int64(0)
	for _, group := range groups {
		sum += counted(a)[group]
	}
	if sum != a.Bytes {
		t.Errorf("the groups have %d bytes; want %d", sum, a.Bytes)
	}
	var out bytes.Buffer
	packages(&out, []agent{*a}, 0)
	for _, want := range []string{"200  agent/internal/say", "50  golang.org/x/net/http2/hpack", "150  not attributed", "600  runtime"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
}

func TestACompareNamesWhatGrew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kept.json")
	line, err := json.Marshal(sample(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(line, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := readKept(file)
	if err != nil {
		t.Fatal(err)
	}
	now := sample(30)
	now.Packages = append(now.Packages[:2], share{Package: "log", Bytes: 170, Code: 170})
	now.Bytes += 120
	got, sum := changed(&kept[0], now), int64(0)
	for _, c := range got {
		sum += c.grown
	}
	want := []change{{"log", 170, 170}, {module + "/agent/internal/say", 230, 30}, {"golang.org/x/net/http2/hpack", 0, -50}}
	if !slices.Equal(got, want) || sum != now.Bytes-kept[0].Bytes {
		t.Errorf("changed = %v, %d in all; want %v, %d", got, sum, want, now.Bytes-kept[0].Bytes)
	}
	var out bytes.Buffer
	differences(&out, kept, []agent{*now, {GOOS: "plan9", GOARCH: "386"}})
	for _, want := range []string{"linux/amd64: +150 bytes", "2 others, each by less than 100", "plan9/386 was not kept"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the differences lack %q:\n%s", want, out.String())
		}
	}
	if err := os.WriteFile(file, []byte(`{"goos":"linux","goarch":"amd64","bytes":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if kept, err := readKept(file); err == nil {
		t.Errorf("a file without packages gives %v", kept)
	}
}
