//go:build wine

package wine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// vendor has the release tool, its keys and the Windows programs it has built.
type vendor struct {
	t         *testing.T
	dir, repo string
	root      string
	anchor    string
	built     int
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	v := &vendor{t: t, dir: t.TempDir(), root: root(t), built: 1_700_000_000}
	v.repo = filepath.Join(v.dir, "repo")
	v.build("release", "./tools/release", "")
	keys := map[string]string{}
	for _, k := range []string{"a", "b", "c", "s", "t"} {
		keys[k] = v.release("key", "--out", filepath.Join(v.dir, k))
	}
	three := "2:" + keys["a"] + "," + keys["b"] + "," + keys["c"]
	v.release("root", "--dir", v.repo, "--root", three, "--targets", three, "--snapshot", "1:"+keys["s"], "--timestamp", "1:"+keys["t"])
	v.sign("root", "a", "b")
	v.anchor = v.release("anchor", "--dir", v.repo)
	return v
}

// release runs the tool.
func (v *vendor) release(args ...string) string {
	v.t.Helper()
	out, err := exec.CommandContext(bounded(v.t), filepath.Join(v.dir, "release"), args...).CombinedOutput()
	if err != nil {
		v.t.Fatalf("release %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (v *vendor) sign(role string, keys ...string) {
	v.t.Helper()
	for _, k := range keys {
		v.release("sign", "--dir", v.repo, "--role", role, "--key", filepath.Join(v.dir, k))
	}
}

// build builds a program for this system.
func (v *vendor) build(name, pkg, stamps string) string {
	v.t.Helper()
	path := filepath.Join(v.dir, name)
	cmd := exec.CommandContext(bounded(v.t), "go", "build", "-buildvcs=false", "-trimpath", "-ldflags="+stamps, "-o", path, pkg)
	cmd.Dir = v.root
	if out, err := cmd.CombinedOutput(); err != nil {
		v.t.Fatalf("building %s: %v\n%s", pkg, err, out)
	}
	return path
}

// program builds one for Windows, as a version of its own.
func (v *vendor) program(pkg, version string) string {
	v.t.Helper()
	v.built++
	path := filepath.Join(v.dir, "agent-"+version+".exe")
	stamps := fmt.Sprintf("-X main.version=%s -X main.built=%d -X main.releaseRoots=%s", version, v.built, v.anchor)
	if err := buildAgent(bounded(v.t), v.root, path, pkg, stamps); err != nil {
		v.t.Fatal(err)
	}
	return path
}

// servers are Central, and an appliance that knows the vendor.
func (v *vendor) servers() map[string]string {
	v.t.Helper()
	built, err := servers()
	if err != nil {
		v.t.Fatal(err)
	}
	bins := maps.Clone(built)
	bins["osiris-appliance"] = v.build("osiris-appliance", "./appliance/cmd/osiris-appliance", "-X main.releaseRoots="+v.anchor)
	return bins
}

// offer signs the program that was built last and gives it to the site's
// appliance, which agents ask with each session.
func (v *vendor) offer(s *site, program, version string) {
	v.t.Helper()
	v.release("add", "--dir", v.repo, "--os", "windows", "--arch", "amd64", "--version", version, "--built", fmt.Sprint(v.built), program)
	v.sign("targets", "b", "c")
	v.release("publish", "--dir", v.repo, "--snapshot-key", filepath.Join(v.dir, "s"), "--timestamp-key", filepath.Join(v.dir, "t"))
	s.must("stopping the appliance", func(context.Context) error { return s.Appliance.Stop() })
	to := filepath.Join(s.dir, "appliance", "update")
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(v.repo))); err != nil {
		v.t.Fatal(err)
	}
	s.must("starting the appliance", s.Appliance.Start)
}
