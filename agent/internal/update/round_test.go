package update

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/lock"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/wire"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/releasetest"
	"github.com/osiriscare/osiris/shared/signed"
)

// rig is one agent in this process, with a vendor and an appliance made of files.
type rig struct {
	*machine
	vendor *releasetest.Repository
	shelf  *shelf
	update *Update
	nowMs  int64
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{machine: newMachine(t, "good"), vendor: releasetest.New(t), nowMs: time.Now().UnixMilli()}
	t.Setenv("OSIRIS_MINI", r.root) // for the program that is tried
	r.shelf = &shelf{root: r.root}
	r.vendor.Add("agent/new", r.new, "new", builtNew, runtime.GOOS, runtime.GOARCH)
	r.publish()
	var err error
	r.update, err = New(Deps{
		Folder: filepath.Join(r.root, "update"), Exe: r.exe, Args: []string{"run"}, Roots: r.vendor.Keys(),
		OS: runtime.GOOS, Arch: runtime.GOARCH, Version: "old", Built: builtOld,
		NowMs: func() int64 { return r.nowMs }, Log: say.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	// Whoever wants to start a watcher finds that there is one.
	watcher, err := lock.Take(filepath.Join(r.update.Folder, watchLock))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := watcher.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) publish() { r.write("bundle", r.vendor.Bundle(0)) }

// expect runs a round and wants this error, and the old program untouched.
func (r *rig) expect(want error) {
	r.t.Helper()
	_, err := r.update.round(context.Background(), r.shelf)
	if !errors.Is(err, want) {
		r.t.Fatalf("round = %v; want %v", err, want)
	}
	if got, err := os.ReadFile(r.exe); err != nil || !bytes.Equal(got, r.old) {
		r.t.Errorf("the program in place changed: %v", err)
	}
}

func (r *rig) nothingStaged() {
	r.t.Helper()
	for _, path := range []string{beside(r.exe, "new"), filepath.Join(r.update.Folder, partFile)} {
		if _, err := os.Stat(path); err == nil {
			r.t.Errorf("%s is left over", path)
		}
	}
	if j := load(r.update.Folder); j.phase != idle {
		r.t.Errorf("phase = %d; want idle", j.phase)
	}
}

func TestATamperedProgramIsNotStaged(t *testing.T) {
	r := newRig(t)
	bad := bytes.Clone(r.new)
	bad[len(bad)/2] ^= 1
	r.write("target", bad)
	r.expect(errTampered)
	r.nothingStaged()
	j := load(r.update.Folder)
	if j.former.State != wire.UpdateFailed || j.former.Failures != 1 {
		t.Errorf("the outcome is %+v; want one failure", j.former)
	}
	// It is told, and not tried again before the pause is over.
	r.write("target", r.new)
	fetches := r.shelf.fetches
	r.expect(nil)
	if r.shelf.fetches != fetches {
		t.Error("it was fetched again at once")
	}
	if o := r.shelf.asked.GetOutcome(); o.GetFailures() != 1 || o.GetReason() == "" {
		t.Errorf("the appliance was told %v", o)
	}
	r.nowMs += longestWait.Milliseconds()
	r.expect(ErrRestart)
}

func TestAProgramCutShortOrTooLongIsNotStaged(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"short": func(b []byte) []byte { return b[:len(b)-1] },
		"long":  func(b []byte) []byte { return append(b, 0) }, // its first part is what was signed
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.write("target", change(bytes.Clone(r.new)))
			want := errTampered
			if name == "long" {
				want = ErrRestart
			}
			r.expect(want)
		})
	}
}

func TestMetadataThatIsNotGoodInstallsNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(r *rig)
		want  error
	}{
		{"tampered", func(r *rig) {
			b := r.vendor.Message(0)
			b.Targets.Payload[len(b.Targets.Payload)-1] ^= 1
			r.write("bundle", releasetest.Encode(r.t, b))
		}, release.ErrMismatch},
		{"expired", func(r *rig) { r.vendor.Timestamp.ExpiresMs = r.nowMs; r.publish() }, release.ErrExpired},
		{"older", func(r *rig) {
			r.vendor.Bump()
			r.publish()
			trusted, err := r.update.trusted()
			if err != nil {
				r.t.Fatal(err)
			}
			if err := trusted.Update(r.vendor.Bundle(0), r.nowMs); err != nil {
				r.t.Fatal(err)
			}
			if err := r.update.keep(trusted.Kept()); err != nil {
				r.t.Fatal(err)
			}
			r.vendor.Timestamp.Version, r.vendor.Snapshot.Version, r.vendor.Targets.Version = 1, 1, 1
			r.publish()
		}, release.ErrVersion},
		{"of another vendor", func(r *rig) { r.vendor = releasetest.New(r.t); r.publish() }, release.ErrUnsigned},
		{"no metadata at all", func(r *rig) { r.write("bundle", nil) }, release.ErrUnsigned},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			c.spoil(r)
			r.expect(c.want)
			if r.shelf.fetches != 0 {
				t.Error("something was fetched")
			}
			r.nothingStaged()
		})
	}
}

func TestARotatedRootIsFollowedOverRestarts(t *testing.T) {
	r := newRig(t)
	_ = os.Remove(filepath.Join(r.root, "offer"))
	r.expect(nil)
	old := r.vendor.Root.Keys
	r.vendor.Root.Version++
	r.vendor.Root.Keys = []*signed.Key{releasetest.Key(t), releasetest.Key(t), releasetest.Key(t)}
	r.vendor.PublishRoot(old[:2]...)
	r.publish()
	r.expect(nil)
	r.expect(nil)
	if got := r.shelf.asked.GetRootVersion(); got != 2 {
		t.Errorf("it says it holds root %d; want 2", got)
	}
	// What the old keys alone sign is nothing any more.
	r.vendor.Root.Version++
	r.vendor.Root.Signers = old
	r.vendor.PublishRoot()
	r.publish()
	r.expect(release.ErrUnsigned)
}

func TestOnlyANewerProgramForThisSystemIsTaken(t *testing.T) {
	for name, add := range map[string]func(r *rig){
		"as old as this one": func(r *rig) { r.vendor.Add("agent/other", r.new, "x", builtOld, runtime.GOOS, runtime.GOARCH) },
		"another system":     func(r *rig) { r.vendor.Add("agent/other", r.new, "x", builtNew, "plan9", runtime.GOARCH) },
		"not signed at all":  func(*rig) {},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			add(r)
			r.publish()
			r.write("offer", []byte("agent/other"))
			if _, err := r.update.round(context.Background(), r.shelf); err == nil || errors.Is(err, ErrRestart) {
				t.Errorf("round = %v; want a refusal", err)
			}
			if r.shelf.fetches != 0 {
				t.Error("it was fetched")
			}
		})
	}
}

func TestADownloadGoesOnWhereItWasCut(t *testing.T) {
	r := newRig(t)
	cut := errors.New("cut")
	r.shelf.fail = func(n int) error {
		if n == 11 {
			return cut
		}
		return nil
	}
	r.expect(errCut)
	if j := load(r.update.Folder); j.former.Failures != 0 {
		t.Error("a cut counts against the program")
	}
	r.expect(ErrRestart)
	pieces := (len(r.new) + pieceBytes - 1) / pieceBytes
	if r.shelf.fetches != pieces+1 {
		t.Errorf("%d pieces were fetched; want %d and the one that was cut", r.shelf.fetches, pieces)
	}
}

func TestAProgramThatDoesNotStartIsNotInstalled(t *testing.T) {
	r := newRig(t)
	r.new = append(bytes.Clone(r.new[:bytes.LastIndex(r.new, []byte(trailer))]), trailer+strconv.Itoa(builtNew)+" invalid"...)
	r.write("target", r.new)
	r.vendor.Targets.Files = nil
	r.vendor.Add("agent/new", r.new, "new", builtNew, runtime.GOOS, runtime.GOARCH)
	r.publish()
	if _, err := r.update.round(context.Background(), r.shelf); err == nil || errors.Is(err, ErrRestart) {
		t.Errorf("round = %v; want a refusal", err)
	}
	r.nothingStaged()
}

func TestAProgramIsGivenUpAfterFiveFailures(t *testing.T) {
	j := &journal{}
	sum := []byte("a program")
	now := int64(1_800_000_000_000)
	var pauses []time.Duration
	for range mostTries {
		j.end(sum, wire.UpdateRolledBack, "it crashed", now)
		pauses = append(pauses, time.Duration(j.retry-now)*time.Millisecond)
		if j.mayTry(sum, now) {
			t.Fatal("it may be tried again at once")
		}
		now = j.retry
	}
	for i, want := range []time.Duration{time.Hour, 4 * time.Hour, 16 * time.Hour, 24 * time.Hour, 24 * time.Hour} {
		if pauses[i] != want {
			t.Errorf("pause %d = %v; want %v", i, pauses[i], want)
		}
	}
	if j.mayTry(sum, now+1000*longestWait.Milliseconds()) {
		t.Error("it is tried for ever")
	}
	if !j.mayTry([]byte("another"), now) {
		t.Error("another program has to wait")
	}
}

func TestAClockSetBackDoesNotStopUpdates(t *testing.T) {
	j := &journal{}
	j.end([]byte("a program"), wire.UpdateFailed, "no space", 1_900_000_000_000)
	if !j.mayTry([]byte("a program"), 1_800_000_000_000) {
		t.Error("it waits for years")
	}
}

func TestAJournalThatIsDamagedIsAnEmptyOne(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, journalFile), []byte("\xff\xff"), 0o600); err != nil {
		t.Fatal(err)
	}
	if j := load(folder); j.phase != idle || j.exe != "" {
		t.Errorf("load = %+v", j)
	}
	if err := Boot(folder, "/nowhere", 1); err != nil {
		t.Errorf("Boot = %v: the agent does not start", err)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add(wire.Encode(&journal{phase: trial, id: []byte("id"), args: []string{"run"}, exe: "x"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, journalFile), b, 0o600); err != nil {
			t.Fatal(err)
		}
		j := load(folder)
		if j.save(folder) != nil || load(folder).phase != j.phase {
			t.Error("a journal does not survive a save")
		}
	})
}

// A process may be started just before its program is replaced, and get as far as
// Boot after that.
func TestAProcessOfAProgramThatIsNoLongerInPlaceEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		phase   uint64
		built   int64 // of the process
		inPlace string
		want    error
	}{
		{"the old one, before the swap", ready, builtOld, "old", ErrRestart},
		{"the old one, after the swap", trial, builtOld, "new", ErrRestart},
		{"the new one, after the swap", trial, builtNew, "new", nil},
		{"the new one, after the roll-back", trial, builtNew, "old", ErrRestart},
		{"the old one, after the roll-back", trial, builtOld, "old", nil},
		{"the new one, when all is over", idle, builtNew, "old", ErrRestart},
		{"the new one, installed", idle, builtNew, "new", nil},
		{"the old one, when all is over", idle, builtOld, "old", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			if c.inPlace == "new" {
				r.write("bin/"+filepath.Base(r.exe), r.new)
			}
			sum, err := copyFile(filepath.Join(r.root, "target"), "", 0)
			if err != nil {
				t.Fatal(err)
			}
			j := &journal{phase: c.phase, sha: sum, built: builtNew, exe: r.exe, args: []string{"run"}, id: []byte("id")}
			if err := j.save(r.update.Folder); err != nil {
				t.Fatal(err)
			}
			if err := Boot(r.update.Folder, r.exe, c.built); !errors.Is(err, c.want) {
				t.Errorf("Boot = %v; want %v", err, c.want)
			}
			if c.phase == idle { // whatever it was, the machine is not stuck
				if err := Boot(r.update.Folder, r.exe, c.built); err != nil {
					t.Errorf("the second Boot = %v", err)
				}
			}
		})
	}
}

func TestAnAgentOnTrialSaysSo(t *testing.T) {
	for _, c := range []struct {
		name  string
		built int64 // of the agent that asks
		want  compliancev1.UpdateState
	}{
		{"the new one", builtNew, compliancev1.UpdateState_UPDATE_STATE_TRIAL},
		{"the old one, which is back", builtOld, compliancev1.UpdateState_UPDATE_STATE_FAILED},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			j := &journal{}
			j.end([]byte("an earlier program"), wire.UpdateFailed, "no space", r.nowMs)
			j.phase, j.sha, j.built, j.exe, j.id = trial, []byte("the new program"), builtNew, r.exe, []byte("id")
			if err := j.save(r.update.Folder); err != nil {
				t.Fatal(err)
			}
			r.update.Built = c.built
			r.expect(nil)
			o := r.shelf.asked.GetOutcome()
			if o.GetState() != c.want || (c.built == builtNew) != (string(o.GetSha256()) == "the new program" && o.GetReason() == "" && o.GetFailures() == 0) {
				t.Errorf("the appliance was told %v; want %v", o, c.want)
			}
			if got := load(r.update.Folder); got.former.State != wire.UpdateFailed {
				t.Errorf("the former outcome is lost: %+v", got.former)
			}
		})
	}
}
