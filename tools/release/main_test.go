package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/release"
)

// desk is a vendor's: a folder of keys and a repository.
type desk struct {
	t    *testing.T
	dir  string
	now  time.Time
	keys map[string]string // public, by name
}

func newDesk(t *testing.T, names ...string) *desk {
	d := &desk{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), keys: map[string]string{}}
	for _, n := range names {
		d.keys[n] = strings.TrimSpace(d.must("key", "--out", d.file(n)))
	}
	return d
}

func (d *desk) file(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) must(args ...string) string {
	d.t.Helper()
	var out bytes.Buffer
	if err := run(args, &out, d.now); err != nil {
		d.t.Fatalf("release %s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}

func (d *desk) refused(args ...string) {
	d.t.Helper()
	if err := run(args, io.Discard, d.now); err == nil {
		d.t.Fatalf("release %s went well", strings.Join(args, " "))
	}
}

func (d *desk) root() {
	d.must("root", "--dir", d.file("repo"), "--root", "2:"+d.keys["a"]+","+d.keys["b"]+","+d.keys["c"],
		"--targets", "2:"+d.keys["a"]+","+d.keys["b"]+","+d.keys["c"], "--snapshot", "1:"+d.keys["s"], "--timestamp", "1:"+d.keys["t"])
}

func (d *desk) sign(role string, names ...string) {
	for _, n := range names {
		d.must("sign", "--dir", d.file("repo"), "--role", role, "--key", d.file(n))
	}
}

func (d *desk) add(version, built string) {
	program := d.file("osiris-agent")
	if err := os.WriteFile(program, []byte("program "+version), 0o755); err != nil {
		d.t.Fatal(err)
	}
	d.must("add", "--dir", d.file("repo"), "--os", "linux", "--arch", "amd64", "--version", version, "--built", built, program)
}

func (d *desk) publishArgs() []string {
	return []string{"publish", "--dir", d.file("repo"), "--snapshot-key", d.file("s"), "--timestamp-key", d.file("t")}
}

func TestAReleaseNeedsTwoOfThreeKeys(t *testing.T) {
	d := newDesk(t, "a", "b", "c", "s", "t")
	d.root()
	d.sign("root", "a")
	d.add("1.0.0", "1000")
	d.sign("targets", "a", "b")
	d.refused(d.publishArgs()...) // the root has one signature
	d.sign("root", "c")
	d.must(d.publishArgs()...)
	d.add("1.1.0", "2000")
	d.sign("targets", "b")
	d.refused(d.publishArgs()...)
	d.refused("sign", "--dir", d.file("repo"), "--role", "targets", "--key", d.file("b"))
	d.sign("targets", "c")
	d.must(d.publishArgs()...)

	anchor, err := release.ParseRoots(strings.TrimSpace(d.must("anchor", "--dir", d.file("repo"))))
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := os.ReadFile(filepath.Join(d.file("repo"), "agent.bundle"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := release.Open(anchor, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(bundle, d.now.UnixMilli()); err != nil {
		t.Fatal(err)
	}
	files, err := s.Files(d.now.UnixMilli())
	if err != nil || len(files) != 1 || files[0].Release != "1.1.0" || files[0].Built != 2000 || files[0].Path != "agent/1.1.0/linux-amd64/osiris-agent" {
		t.Errorf("Files = %+v, %v; want the newer program alone", files, err)
	}
}

func TestAKeyFileIsNotWrittenOver(t *testing.T) {
	d := newDesk(t, "a")
	d.refused("key", "--out", d.file("a"))
	d.refused("sign", "--dir", d.file("repo"), "--role", "root", "--key", d.file("none"))
	if _, err := os.Stat(d.file("none")); err == nil {
		t.Error("sign made a key")
	}
}
