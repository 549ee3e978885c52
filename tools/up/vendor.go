package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/e2e/binary"
)

// vendor is who makes the programs: tools/release with keys that live as long as
// the data folder. What it signs is believed by the programs it built alone.
type vendor struct {
	root, dir string // the checkout, and the vendor's folder
	tool      string
	stamps    string // what programs are linked with
	version   int    // of the newest agent
	built     int64  // Unix seconds
}

// newVendor makes keys: three for root and targets, of which two sign, one each
// for snapshot, timestamp and the list of products.
func newVendor(ctx context.Context, root, dir string) (*vendor, error) {
	v := &vendor{root: root, dir: dir, tool: filepath.Join(root, ".cache", "bin", "dev-release"), built: time.Now().Unix(), version: -1}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the vendor's folder: %w", err)
	}
	if err := v.build(ctx, "release", v.tool, ""); err != nil {
		return nil, err
	}
	public := map[string]string{}
	for _, name := range []string{"alice", "bob", "carol", "snapshot", "timestamp", "list"} {
		key, err := v.release(ctx, "key", "--out", v.path(name))
		if err != nil {
			return nil, err
		}
		public[name] = key
	}
	three := "2:" + public["alice"] + "," + public["bob"] + "," + public["carol"]
	if _, err := v.release(ctx, "root", "--dir", v.path("repo"), "--root", three, "--targets", three,
		"--snapshot", "1:"+public["snapshot"], "--timestamp", "1:"+public["timestamp"]); err != nil {
		return nil, err
	}
	if err := v.sign(ctx, "root"); err != nil {
		return nil, err
	}
	anchor, err := v.release(ctx, "anchor", "--dir", v.path("repo"))
	v.stamps = "-X main.releaseRoots=" + anchor + " -X main.signatureKeys=1:" + public["list"]
	return v, err
}

func (v *vendor) path(name string) string { return filepath.Join(v.dir, name) }

// release runs the tool and gives what it says.
func (v *vendor) release(ctx context.Context, args ...string) (string, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, v.tool, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("running release %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// sign signs root or targets with two of the three keys.
func (v *vendor) sign(ctx context.Context, role string) error {
	for _, name := range []string{"alice", "bob"} {
		if _, err := v.release(ctx, "sign", "--dir", v.path("repo"), "--role", role, "--key", v.path(name)); err != nil {
			return err
		}
	}
	return nil
}

// build builds a program of a name, linked as said.
func (v *vendor) build(ctx context.Context, name, target, stamps string) error {
	pkg := map[string]string{
		"release": "./tools/release", "osiris-agent": "./agent/cmd/osiris-agent", "osiris-appliance": "./appliance/cmd/osiris-appliance",
	}[name]
	args, env := []string{"build", "-buildvcs=false", "-ldflags", stamps, "-o", target}, os.Environ()
	if name == "osiris-agent" {
		// As it ships: without cgo.
		env = append(env, "CGO_ENABLED=0")
		if tags := binary.AgentTags("/"); tags != "" {
			args = append(args, "-tags", tags)
		}
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = v.root, env, &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", name, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// appliance builds the appliance, which believes this vendor.
func (v *vendor) appliance(ctx context.Context) (string, error) {
	target := v.path("bin/osiris-appliance")
	return target, v.build(ctx, "osiris-appliance", target, v.stamps)
}

// agent builds the next version of the agent.
func (v *vendor) agent(ctx context.Context) (path string, err error) {
	v.version++
	v.built++
	target := v.path("bin/osiris-agent-" + v.name())
	return target, v.build(ctx, "osiris-agent", target, fmt.Sprintf("%s -X main.version=%s -X main.built=%d", v.stamps, v.name(), v.built))
}

// name is the version of the newest agent.
func (v *vendor) name() string { return fmt.Sprintf("1.%d.0", v.version) }

// offer signs a program as the newest agent and gives the folder to an appliance.
func (v *vendor) offer(ctx context.Context, program, to string) error {
	if _, err := v.release(ctx, "add", "--dir", v.path("repo"), "--os", runtime.GOOS, "--arch", runtime.GOARCH,
		"--version", v.name(), "--built", strconv.FormatInt(v.built, 10), program); err != nil {
		return err
	}
	if err := v.sign(ctx, "targets"); err != nil {
		return err
	}
	if _, err := v.release(ctx, "publish", "--dir", v.path("repo"),
		"--snapshot-key", v.path("snapshot"), "--timestamp-key", v.path("timestamp")); err != nil {
		return err
	}
	// As whoever updates appliances would: what the appliance looks at comes last.
	if err := os.CopyFS(to+".new", os.DirFS(v.path("repo"))); err != nil {
		return fmt.Errorf("copying the release: %w", err)
	}
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("removing the former release: %w", err)
	}
	return os.Rename(to+".new", to)
}

// list signs the list that recognises remote management software.
func (v *vendor) list(ctx context.Context, to string) (string, error) {
	return v.release(ctx, "signatures", "--key", v.path("list"), "--out", to)
}
