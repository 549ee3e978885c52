package winrm_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

var errRefused = errors.New("connection refused")

func TestACommandIsOneShell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, &fake{})
		r := f.road(t, winrm.Config{})
		out, err := r.Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x", Stdin: make([]byte, 200<<10)})
		if err != nil || string(out.Stdout) != "ok" || out.ExitCode != 0 {
			t.Errorf("Run = %+v, %v", out, err)
		}
		if got, want := f.actions(), "Create Command Send Send Send Receive Delete"; got != want {
			t.Errorf("asked for %s; want %s", got, want)
		}
		if end := strings.Count(f.seen[4].body, `End="true"`); end != 1 || strings.Contains(f.seen[2].body, `End=`) {
			t.Error("the end of standard input is not with its last piece")
		}
	})
}

func TestAConnectionIsKeptForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, &fake{})
		r := f.road(t, winrm.Config{})
		run := func(c winrm.Credential) {
			t.Helper()
			if _, err := r.Run(t.Context(), plainEndpoint, c, winrm.Command{Line: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		run(basic)
		time.Sleep(299 * time.Second)
		run(basic)
		if dials, live := f.count(); dials != 1 || live != 1 {
			t.Errorf("within 300 s: %d connections made, %d open; want 1 and 1", dials, live)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if _, live := f.count(); live != 0 {
			t.Errorf("after 300 s %d are open; want none", live)
		}
		run(basic)
		other := basic
		other.Password = "Secret-2"
		run(other)
		synctest.Wait()
		if dials, live := f.count(); dials != 3 || live != 1 {
			t.Errorf("another credential: %d connections made, %d open; want 3 and 1", dials, live)
		}
	})
}

func TestAConnectionThatEndedMeanwhileIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, &fake{})
		f.answer = func(w http.ResponseWriter, m message) bool {
			if m.action == "Delete" && m.connection == "1" {
				hijack(w) // hangs up without a word
				return true
			}
			return false
		}
		r := f.road(t, winrm.Config{Retries: -1})
		for range 3 {
			if _, err := r.Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x"}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if dials, _ := f.count(); dials != 2 {
			t.Errorf("%d connections; want 2", dials)
		}
	})
}

func hijack(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = c.Close()
	}
}

func TestAHungHostIsGivenUpAtTheDeadline(t *testing.T) {
	for _, at := range []string{"Create", "Command", "Send", "Receive", "Delete"} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFake(t, &fake{})
				release := make(chan struct{})
				t.Cleanup(func() { close(release) })
				f.answer = func(w http.ResponseWriter, m message) bool {
					if m.action == at && m.connection == "1" {
						<-release
						hijack(w)
						return true
					}
					return false
				}
				r := f.road(t, winrm.Config{})
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				begun := time.Now()
				_, err := r.Run(ctx, plainEndpoint, basic, winrm.Command{Line: "x", Stdin: []byte("y")})
				took := time.Since(begun)
				if at != "Delete" && (!errors.Is(err, winrm.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded)) {
					t.Errorf("Run = %v; want %v", err, winrm.ErrTimeout)
				}
				if at == "Delete" && err != nil {
					t.Errorf("Run = %v; its output was complete", err)
				}
				if took != 3*time.Second {
					t.Errorf("it took %s; want 3s", took)
				}
				synctest.Wait()
				time.Sleep(6 * time.Second)
				if at != "Create" && !strings.HasSuffix(f.actions(), "Delete") {
					t.Errorf("asked for %s; want a Delete at last, on a new connection", f.actions())
				}
			})
		})
	}
}

func TestASilentHostIsNotWaitedForWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, &fake{})
		release := make(chan struct{})
		t.Cleanup(func() { close(release) })
		f.answer = func(w http.ResponseWriter, m message) bool {
			<-release
			hijack(w)
			return true
		}
		begun := time.Now()
		_, err := f.road(t, winrm.Config{Retries: -1}).Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x"})
		if took := time.Since(begun); !errors.Is(err, winrm.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) || took != 30*time.Second {
			t.Errorf("Run = %v after %s; want %v after 30s, not the caller's deadline", err, took, winrm.ErrTimeout)
		}
	})
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name    string
		command winrm.Command
		answer  func(w http.ResponseWriter, m message) bool
		dial    error
		want    error
		tries   int
		took    time.Duration
	}{
		{"a host that refuses the connection", winrm.Command{Line: "x"}, nil, errRefused, winrm.ErrUnreachable, 3, 75 * time.Second},
		{"no room for a shell", winrm.Command{Line: "x"}, faultAt("Create", 2150859173), nil, winrm.ErrQuota, 3, 75 * time.Second},
		{"no operation left, and nothing begun", winrm.Command{Line: "x"}, faultAt("Command", 2150859174), nil, winrm.ErrQuota, 3, 75 * time.Second},
		{"an end in the middle", winrm.Command{Line: "x"}, breakAt("Receive"), nil, winrm.ErrUnreachable, 1, 0},
		{"an end in the middle of what may be repeated", winrm.Command{Line: "x", Idempotent: true}, breakAt("Receive"), nil, winrm.ErrUnreachable, 3, 75 * time.Second},
		{"a credential that is refused", winrm.Command{Line: "x", Idempotent: true}, statusAt("Create", 401), nil, winrm.ErrAuth, 1, 0},
		{"no access to shells", winrm.Command{Line: "x", Idempotent: true}, faultAt("Create", 5), nil, winrm.ErrAuth, 1, 0},
		{"a fault that stays", winrm.Command{Line: "x", Idempotent: true}, faultAt("Create", 2150858817), nil, nil, 1, 0},
		{"nonsense", winrm.Command{Line: "x", Idempotent: true}, statusAt("Create", 400), nil, winrm.ErrReply, 1, 0},
		{"a redirection", winrm.Command{Line: "x", Idempotent: true}, statusAt("Create", 302), nil, winrm.ErrReply, 1, 0},
		{"a service that starts", winrm.Command{Line: "x"}, statusAt("Create", 503), nil, winrm.ErrUnreachable, 3, 75 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				f := startFake(t, &fake{})
				f.dial = func() error {
					if c.dial != nil {
						tries++
					}
					return c.dial
				}
				f.answer = func(w http.ResponseWriter, m message) bool {
					if m.action == "Create" {
						tries++
					}
					return c.answer != nil && c.answer(w, m)
				}
				begun := time.Now()
				_, err := f.road(t, winrm.Config{}).Run(t.Context(), plainEndpoint, basic, c.command)
				var isFault *winrm.Fault
				if c.want == nil && !errors.As(err, &isFault) || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("Run = %v; want %v, or a fault", err, c.want)
				}
				if took := time.Since(begun); tries != c.tries || took != c.took {
					t.Errorf("%d tries in %s; want %d in %s", tries, took, c.tries, c.took)
				}
			})
		})
	}
}

func faultAt(action string, code uint32) func(http.ResponseWriter, message) bool {
	return func(w http.ResponseWriter, m message) bool {
		if m.action == action {
			fault(w, m, code)
		}
		return m.action == action
	}
}

func statusAt(action string, status int) func(http.ResponseWriter, message) bool {
	return func(w http.ResponseWriter, m message) bool {
		if m.action == action {
			w.WriteHeader(status)
		}
		return m.action == action
	}
}

func breakAt(action string) func(http.ResponseWriter, message) bool {
	return func(w http.ResponseWriter, m message) bool {
		if m.action == action {
			hijack(w)
		}
		return m.action == action
	}
}

func TestARetryThatCannotEndInTimeIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, &fake{dial: func() error { return errRefused }})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := f.road(t, winrm.Config{}).Run(ctx, plainEndpoint, basic, winrm.Command{Line: "x"})
		if took := time.Since(begun); !errors.Is(err, winrm.ErrUnreachable) || took != 0 {
			t.Errorf("Run = %v after %s; want %v at once", err, took, winrm.ErrUnreachable)
		}
	})
}

func TestARefusedCredentialRestsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, &fake{answer: statusAt("Create", 401)})
		r := f.road(t, winrm.Config{})
		try := func() {
			t.Helper()
			if _, err := r.Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x"}); !errors.Is(err, winrm.ErrAuth) {
				t.Errorf("Run = %v; want %v", err, winrm.ErrAuth)
			}
		}
		for range 50 {
			try()
		}
		if got := f.actions(); got != "Create" {
			t.Errorf("asked for %s; want one Create", got)
		}
		time.Sleep(5*time.Minute + time.Second)
		try()
		if got := f.actions(); got != "Create Create" {
			t.Errorf("asked for %s; want a second Create after a while", got)
		}
	})
}

func TestAHostThatAnswersNothingAtOnceIsNotAskedInALoop(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, m message) bool{
		"with a timeout": faultAt("Receive", 2150858793),
		"with nothing": func(w http.ResponseWriter, m message) bool {
			if m.action == "Receive" {
				output(w, m, "", "")
			}
			return m.action == "Receive"
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFake(t, &fake{answer: answer})
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				_, err := f.road(t, winrm.Config{}).Run(ctx, plainEndpoint, basic, winrm.Command{Line: "x"})
				if n := strings.Count(f.actions(), "Receive"); !errors.Is(err, winrm.ErrTimeout) || n < 10 || n > 40 {
					t.Errorf("Run = %v after %d questions in two minutes; want between 10 and 40", err, n)
				}
				time.Sleep(6 * time.Second)
				if !strings.HasSuffix(f.actions(), "Signal Delete") {
					t.Errorf("asked for %s; want the command ended", f.actions())
				}
			})
		})
	}
}

func TestTooMuchOutputEndsTheCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, &fake{})
		f.answer = func(w http.ResponseWriter, m message) bool {
			if m.action == "Receive" {
				output(w, m, strings.Repeat("x", 1000), "")
			}
			return m.action == "Receive"
		}
		_, err := f.road(t, winrm.Config{MaxOutput: 2500}).Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x", Idempotent: true})
		if got, want := f.actions(), "Create Command Receive Receive Receive Signal Delete"; !errors.Is(err, winrm.ErrTooMuch) || got != want {
			t.Errorf("Run = %v, asked for %s; want %v, %s", err, got, winrm.ErrTooMuch, want)
		}
	})
}

func TestACommandThatDidNotReadItsInput(t *testing.T) {
	for exit, want := range map[string]bool{"0": false, "1": true} {
		t.Run("exit code "+exit, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFake(t, &fake{})
				f.answer = func(w http.ResponseWriter, m message) bool {
					switch m.action {
					case "Send":
						fault(w, m, 2147942632) // no process is on the other end of the pipe
						return true
					case "Receive":
						output(w, m, "gone", exit)
						return true
					}
					return false
				}
				out, err := f.road(t, winrm.Config{}).Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x", Stdin: []byte("y")})
				if (err == nil) != want {
					t.Errorf("Run = %+v, %v", out, err)
				}
			})
		})
	}
}

func TestManyAtOnceOnOneHost(t *testing.T) {
	for _, connections := range []int{1, 4} {
		t.Run(fmt.Sprint(connections, " connections"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFake(t, &fake{})
				r := f.road(t, winrm.Config{Connections: connections})
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() {
						for range 4 {
							if out, err := r.Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x"}); err != nil || string(out.Stdout) != "ok" {
								t.Errorf("Run = %+v, %v", out, err)
							}
						}
					})
				}
				wg.Wait()
				if dials, _ := f.count(); dials > connections {
					t.Errorf("%d connections; want at most %d", dials, connections)
				}
			})
		})
	}
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFake(t, &fake{answer: faultAt("Receive", 2150858793)})
		r := f.road(t, winrm.Config{})
		done := make(chan error)
		go func() {
			_, err := r.Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x"})
			done <- err
		}()
		time.Sleep(10 * time.Second)
		r.Close()
		if err := <-done; !errors.Is(err, winrm.ErrUnreachable) {
			t.Errorf("Run = %v; want %v", err, winrm.ErrUnreachable)
		}
		if _, err := r.Run(t.Context(), plainEndpoint, basic, winrm.Command{Line: "x"}); !errors.Is(err, winrm.ErrUnreachable) {
			t.Errorf("Run after Close = %v; want %v", err, winrm.ErrUnreachable)
		}
		synctest.Wait()
		if _, live := f.count(); live != 0 {
			t.Errorf("%d connections are open", live)
		}
	})
}
