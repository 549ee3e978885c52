package update_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/update"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/releasetest"
	"github.com/osiriscare/osiris/shared/release/tuf"
	"github.com/osiriscare/osiris/shared/signed"
)

// spoilers are what may be wrong with a folder. They publish.
var spoilers = map[string]func(r *rig){
	"another program": func(r *rig) { r.publish("a Program") },
	"a longer one":    func(r *rig) { r.publish(program + "!") },
	"another vendor": func(r *rig) {
		r.vendor = releasetest.New(r.t)
		r.vendor.Add("agent/1", []byte(program), "1.1.0", 2000, "linux", "amd64")
		r.publish(program)
	},
	"expired metadata": func(r *rig) {
		r.vendor.Timestamp.ExpiresMs = 1
		r.publish(program)
	},
	"no metadata as TUF has it": func(r *rig) {
		r.publish(program)
		r.must(os.RemoveAll(filepath.Join(r.dir, tuf.Dir)))
	},
	"tampered metadata": func(r *rig) {
		r.publish(program)
		path := filepath.Join(r.dir, tuf.Dir, tuf.File("targets", 1))
		content, err := os.ReadFile(path)
		r.must(err)
		r.must(os.WriteFile(path, bytes.Replace(content, []byte("1.1.0"), []byte("1.1.1"), 1), 0o600))
	},
	"a compact form that says something else": func(r *rig) {
		r.publish(program)
		r.vendor.Targets.Files[0].Release = "1.1.1"
		r.must(os.WriteFile(filepath.Join(r.dir, "agent.bundle"), r.vendor.Bundle(0), 0o600))
	},
	"a compact form of an older release": func(r *rig) {
		older := r.vendor.Bundle(0)
		r.vendor.Bump()
		r.publish(program)
		r.must(os.WriteFile(filepath.Join(r.dir, "agent.bundle"), older, 0o600))
	},
	"no compact form": func(r *rig) {
		r.publish(program)
		r.must(os.WriteFile(filepath.Join(r.dir, "agent.bundle"), []byte("x"), 0o600))
	},
	"a root that too few signed": func(r *rig) {
		r.vendor.Root.Version++
		r.vendor.Root.Signers = r.vendor.Root.Keys[:1]
		r.vendor.PublishRoot()
		r.publish(program)
	},
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestAFolderThatIsNotWhatWasSignedIsNotOffered(t *testing.T) {
	for name, spoil := range spoilers {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, update.Config{})
			spoil(r)
			if got := r.ask("ag_1", 1000, nil); got.GetPath() != "" {
				t.Errorf("Check = %v; want no offer", got)
			}
			if _, err := r.Fetch(t.Context(), &compliancev1.FetchTargetRequest{Path: "agent/1", Limit: 10}); !errors.Is(err, update.ErrUnknown) {
				t.Errorf("Fetch = %v; want ErrUnknown", err)
			}
			r.evidence(1)
			if got, err := update.Troubles(t.Context(), r.store); err != nil || got.Refused == "" {
				t.Errorf("Troubles = %+v, %v; want a refusal", got, err)
			}
		})
	}
}

func TestAnOlderFolderIsRefusedAfterARestart(t *testing.T) {
	r := newRig(t, update.Config{})
	r.vendor.Bump()
	r.publish(program)
	if got := r.ask("ag_1", 1000, nil); got.GetPath() == "" {
		t.Fatal("the folder is not offered")
	}
	r.Update = update.New(r.Deps)
	r.vendor.Timestamp.Version, r.vendor.Snapshot.Version, r.vendor.Targets.Version = 1, 1, 1
	r.publish(program)
	if got := r.ask("ag_1", 1000, nil); got.GetPath() != "" {
		t.Errorf("Check = %v; want no offer", got)
	}
	if b := r.evidence(1); !strings.Contains(b.Summary, release.ErrVersion.Error()) {
		t.Errorf("the refusal says %q", b.Summary)
	}
}

func TestARotatedRootIsFollowed(t *testing.T) {
	r := newRig(t, update.Config{})
	r.publish(program)
	r.ask("ag_1", 1000, nil)
	r.former = r.vendor.Root.Keys
	r.vendor.Root.Version++
	r.vendor.Root.Keys = []*signed.Key{releasetest.Key(t), releasetest.Key(t), releasetest.Key(t)}
	r.vendor.PublishRoot(r.former[:2]...)
	r.vendor.Bump()
	r.publish(program)
	r.Update = update.New(r.Deps)
	got := r.ask("ag_1", 1000, nil)
	if got.GetPath() == "" || len(got.GetMetadata().GetRoots()) != 2 {
		t.Errorf("Check = %v; want the program and both roots", got)
	}
	r.evidence(0)
}

func TestMetadataThatExpiresWhileItIsHeldIsNotOfferedAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, update.Config{})
		r.vendor.Timestamp.ExpiresMs = time.Now().Add(24 * time.Hour).UnixMilli()
		r.publish(program)
		if got := r.ask("ag_1", 1000, nil); got.GetPath() == "" {
			t.Fatal("the folder is not offered")
		}
		time.Sleep(26 * time.Hour)
		if got := r.ask("ag_1", 1000, nil); got.GetPath() != "" {
			t.Errorf("Check = %v; want no offer", got)
		}
		r.evidence(1)
	})
}
