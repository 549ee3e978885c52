package update

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/jitter"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/release"
)

// Full names of the calls.
const (
	checkMethod = "/compliance.v1.ComplianceAgent/CheckUpdate"
	fetchMethod = "/compliance.v1.ComplianceAgent/FetchTarget"
)

// answerLimit bounds each answer of the appliance.
const answerLimit = 30 * time.Second

// mostProgram bounds a program, far above what the agent may have.
const mostProgram = 32 << 20

// round asks once and installs what is offered; wait is the time until the next
// question.
func (u *Update) round(ctx context.Context, c Caller) (wait time.Duration, err error) {
	j := load(u.Folder)
	trusted, err := u.trusted()
	if err != nil {
		return usual, err
	}
	answer, err := u.ask(ctx, c, j, trusted)
	if err != nil {
		return time.Minute, err
	}
	if j.phase != idle {
		return trialAsk, u.prove(j)
	}
	// Between three quarters and all of it, so that a practice does not ask at once.
	wait = min(max(time.Duration(answer.WaitMs)*time.Millisecond, shortest), longest)
	wait -= jitter.Below(wait / 4)
	err = trusted.Update(answer.Metadata, u.NowMs())
	// Also when the rest was refused: a root that replaces stolen keys must stay.
	if kept := trusted.Kept(); len(kept) > 0 {
		err = errors.Join(err, u.keep(kept))
	}
	if err != nil || answer.Path == "" {
		return wait, err
	}
	f, err := u.choose(trusted, answer.Path)
	if f == nil || !j.mayTry(f.SHA256, u.NowMs()) {
		return wait, err
	}
	u.Log.Info("update offered", "version", f.Release, "bytes", f.Length)
	err = u.download(ctx, c, f)
	if err == nil {
		err = u.install(ctx, j, f)
	}
	if errors.Is(err, ErrRestart) || errors.Is(err, errCut) || ctx.Err() != nil {
		return min(wait, time.Minute), err
	}
	j.end(f.SHA256, wire.UpdateFailed, err.Error(), u.NowMs())
	return wait, errors.Join(err, j.save(u.Folder))
}

// trusted reads the metadata that is held. Damaged, it is put aside: what is
// compiled in still decides.
func (u *Update) trusted() (*release.Store, error) {
	kept, err := os.ReadFile(u.path(metadataFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	s, err := release.Open(u.Roots, kept)
	if err != nil {
		u.Log.Error("update metadata was damaged and set aside", "error", err)
		s, err = release.Open(u.Roots, nil)
		err = errors.Join(err, os.Rename(u.path(metadataFile), u.path(metadataFile+".damaged")))
	}
	return s, err
}

func (u *Update) keep(kept []byte) error {
	old, err := os.ReadFile(u.path(metadataFile))
	if err == nil && bytes.Equal(old, kept) {
		return nil
	}
	return atomicfile.Write(u.path(metadataFile), kept, 0o600)
}

func (u *Update) ask(ctx context.Context, c Caller, j *journal, s *release.Store) (*wire.CheckUpdateResponse, error) {
	q := &wire.CheckUpdateRequest{OS: u.OS, Arch: u.Arch, Version: u.Version, Built: u.Built, RootVersion: s.RootVersion()}
	o := &j.former
	if j.phase == trial && j.built == u.Built {
		// j is what was read, and not written any more.
		o.SHA256, o.State, o.Reason, o.Failures = j.sha, wire.UpdateTrial, "", 0
	}
	if o.State != 0 {
		q.Outcome = wire.Encode(o)
	}
	answer := &wire.CheckUpdateResponse{}
	return answer, call(ctx, c, checkMethod, q, answer)
}

func call(ctx context.Context, c Caller, method string, request, answer wire.Message) error {
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	b, err := c.Invoke(limited, method, wire.Encode(request))
	cancel()
	if err != nil {
		return fmt.Errorf("asking for updates: %w", err)
	}
	return wire.Decode(b, answer)
}

// choose finds what was offered. It must be for this system and newer than the
// running program: the appliance cannot make an agent go back.
func (u *Update) choose(s *release.Store, path string) (*release.File, error) {
	files, err := s.Files(u.NowMs())
	for _, f := range files {
		if f.Path == path && f.OS == u.OS && f.Arch == u.Arch && f.Built > u.Built && f.Length <= mostProgram {
			return f, nil
		}
	}
	if err == nil {
		err = errors.New("the appliance offers a program that this agent may not install")
	}
	return nil, err
}

// prove tells the watcher that this program works: it got as far as a session,
// and can be updated. A watcher that is gone is started again.
func (u *Update) prove(j *journal) error {
	if err := wake(u.Folder, j); err != nil || u.Built != j.built {
		return err
	}
	if b, err := os.ReadFile(u.path(proofFile)); err == nil && bytes.Equal(b, j.id) {
		return nil
	}
	return atomicfile.Write(u.path(proofFile), j.id, 0o600)
}
