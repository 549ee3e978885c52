package update

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/lock"
	"github.com/osiriscare/osiris/agent/internal/say"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/release"
)

// TestMain lets a copy of the test binary be the agent: a small one, with this
// package's real code, real processes and a service manager made of files.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Getenv("OSIRIS_MINI") != "" {
		os.Exit(mini(os.Args[1]))
	}
	os.Exit(m.Run())
}

// trailer begins what a copy has after its end: when it was built and how it
// behaves.
const trailer = "\nosiris mini agent:"

// mini is an agent's main.
func mini(verb string) int {
	root := os.Getenv("OSIRIS_MINI")
	exe, err := os.Executable()
	if err != nil {
		return 90
	}
	content, err := os.ReadFile(exe)
	if err != nil {
		return 91
	}
	text := string(content[bytes.LastIndex(content, []byte(trailer))+len(trailer):])
	number, behaviour, _ := strings.Cut(text, " ")
	built, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 92
	}
	reached = func(step string) { killAt(root, step) }
	trialTime, settleTime, stopTime, killTime = 20*time.Second, 400*time.Millisecond, 2*time.Second, 10*time.Second
	serviceTime, pollTime, repeatTime = 5*time.Second, 10*time.Millisecond, 50*time.Millisecond
	if strings.Contains(behaviour, "hangs") && verb == "watch-update" || os.Getenv("OSIRIS_MINI_IMPATIENT") != "" {
		trialTime = 2 * time.Second
	}
	switch verb {
	case "validate":
		if behaviour == "invalid" {
			return 1
		}
		return 0
	case "idle":
		time.Sleep(time.Minute) // until the test kills it
	case "run":
		err = miniRun(root, exe, built, behaviour)
	case "watch-update":
		err = miniWatch(root)
	}
	note(root, verb, err)
	if err != nil {
		return 1
	}
	return 0
}

// note keeps what a process said last, for a test that fails.
func note(root, verb string, err error) {
	f, openErr := os.OpenFile(filepath.Join(root, "notes"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if openErr == nil {
		_, _ = fmt.Fprintf(f, "%s %d: %v\n", verb, os.Getpid(), err)
		_ = f.Close()
	}
}

// killAt ends this process as kill -9 does, once, at the step a test names.
func killAt(root, step string) {
	want, err := os.ReadFile(filepath.Join(root, "kill"))
	if err != nil || string(want) != step {
		return
	}
	// Windows renames nothing that another process is just reading.
	for tries := 0; os.Rename(filepath.Join(root, "kill"), filepath.Join(root, "killed")) != nil; tries++ {
		if tries == 50 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {}
}

func miniRun(root, exe string, built int64, behaviour string) error {
	if behaviour == "crashes early" {
		return errors.New("crashed early")
	}
	l, err := lock.Take(filepath.Join(root, "lock"))
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // the process ends
	if err := os.WriteFile(filepath.Join(root, "pid"), strconv.AppendInt(nil, int64(os.Getpid()), 10), 0o600); err != nil {
		return err
	}
	folder := filepath.Join(root, "update")
	if err := Boot(folder, exe, built); err != nil {
		return err
	}
	if behaviour == "crashes" {
		return errors.New("crashed")
	}
	text, err := os.ReadFile(filepath.Join(root, "roots"))
	if err != nil {
		return err
	}
	keys, err := release.ParseRoots(string(text))
	if err != nil {
		return err
	}
	u, err := New(Deps{
		Folder: folder, Exe: exe, Args: os.Args[1:], Roots: keys, OS: runtime.GOOS, Arch: runtime.GOARCH,
		Version: strconv.FormatInt(built, 10), Built: built, NowMs: func() int64 { return time.Now().UnixMilli() }, Log: say.Discard(),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := os.WriteFile(filepath.Join(root, "running"), strconv.AppendInt(nil, built, 10), 0o600); err != nil {
		return err
	}
	if behaviour != "hangs" {
		u.Online(&shelf{root: root})
	}
	return u.Run(ctx)
}

func miniWatch(root string) error {
	w := &Watcher{Folder: filepath.Join(root, "update"), Lock: filepath.Join(root, "lock"), Log: say.Discard()}
	if log, err := os.OpenFile(filepath.Join(root, "notes"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		w.Log = say.New(log, say.LevelDebug)
	}
	if os.Getenv("OSIRIS_MINI_SERVICE") != "" {
		w.Service = &flag{root: root}
	}
	return w.Run(context.Background())
}

// flag is a service manager's switch: while the file "stopped" is there, nothing
// is started.
type flag struct{ root string }

func (f *flag) Start(context.Context) error {
	err := os.Remove(filepath.Join(f.root, "stopped"))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return err
}

// Guard keeps the file "guard".
func (f *flag) Guard(on bool) error {
	path := filepath.Join(f.root, "guard")
	if on {
		return os.WriteFile(path, nil, 0o600)
	}
	return os.Remove(path)
}

// shelf is an appliance made of files: "bundle", "offer" and "target".
type shelf struct {
	root    string
	fetches int
	fail    func(fetch int) error
	asked   *compliancev1.CheckUpdateRequest
}

func (s *shelf) Invoke(_ context.Context, method string, request []byte, _ ...grpcwire.Header) ([]byte, error) {
	if method == fetchMethod {
		return s.fetch(request)
	}
	s.asked = &compliancev1.CheckUpdateRequest{}
	if err := proto.Unmarshal(request, s.asked); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(s.root, "asked"), request, 0o600); err != nil {
		return nil, err
	}
	answer := &compliancev1.CheckUpdateResponse{Metadata: &trustv1.ReleaseBundle{}, WaitMs: 1}
	bundle, err := os.ReadFile(filepath.Join(s.root, "bundle"))
	if err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(bundle, answer.Metadata); err != nil {
		return nil, err
	}
	if offer, err := os.ReadFile(filepath.Join(s.root, "offer")); err == nil {
		answer.Path = string(offer)
	}
	return proto.Marshal(answer)
}

func (s *shelf) fetch(request []byte) ([]byte, error) {
	s.fetches++
	if s.fail != nil {
		if err := s.fail(s.fetches); err != nil {
			return nil, err
		}
	}
	var q compliancev1.FetchTargetRequest
	if err := proto.Unmarshal(request, &q); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(filepath.Join(s.root, "target"))
	if err != nil {
		return nil, err
	}
	from := min(q.GetOffset(), uint64(len(content)))
	to := min(from+uint64(q.GetLimit()), uint64(len(content)))
	return proto.Marshal(&compliancev1.FetchTargetResponse{Content: content[from:to]})
}
