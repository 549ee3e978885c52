package script

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
	"github.com/osiriscare/osiris/shared/runbook"
)

// domain is many hosts of one domain, and who may sign in to them.
type domain struct {
	password string
	// takes is how long a host needs for a logon.
	takes time.Duration
	// kept hosts have a connection that was accepted before.
	kept     map[string]bool
	mu       sync.Mutex
	refusals atomic.Int32
	logons   atomic.Int32
}

func (d *domain) WinRM(context.Context, string, string) (winrm.Credential, string, error) {
	return winrm.Credential{Method: winrm.NTLM, User: `CLINIC\scan`, Password: "as stored"}, "1", nil
}

func (d *domain) Run(ctx context.Context, e winrm.Endpoint, c winrm.Credential, command winrm.Command) (winrm.Output, error) {
	d.mu.Lock()
	kept := d.kept[e.Host]
	d.mu.Unlock()
	if kept {
		return winrm.Output{}, nil
	}
	told, err := command.Logon(ctx)
	if err != nil {
		return winrm.Output{}, fmt.Errorf("%w: %w", winrm.ErrNotNow, err)
	}
	d.logons.Add(1)
	time.Sleep(d.takes)
	d.mu.Lock()
	right := d.password == c.Password
	d.mu.Unlock()
	if !right {
		d.refusals.Add(1)
		told(winrm.ErrAuth)
		return winrm.Output{}, winrm.ErrAuth
	}
	told(nil)
	return winrm.Output{}, nil
}

// scan asks hosts all at once and gives how many were not let in.
func (d *domain) scan(t *testing.T, w *WinRM, document *runbook.Document, hosts int) (held int) {
	t.Helper()
	var n atomic.Int32
	var work sync.WaitGroup
	for i := range hosts {
		work.Go(func() {
			name := fmt.Sprintf("ws%d", i)
			_, err := w.Run(t.Context(), Target{ID: "t_" + name, Host: name, Kind: Workstation, Credential: "scan"}, document, true)
			if errors.Is(err, ErrHeld) {
				n.Add(1)
			}
		})
	}
	work.Wait()
	return int(n.Load())
}

func TestOneWrongPasswordOnManyHostsLocksNoAccount(t *testing.T) {
	catalogue, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	document, err := catalogue.Scan("windows", catalogue.Texts().Checks("windows")[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		before func(d *domain) // what was true until a sweep ago
		kept   int             // hosts whose connection is kept
		takes  time.Duration
		most   int32 // refusals
	}{
		"a password that was never right": {nil, 0, 50 * time.Millisecond, 1},
		"hosts that take long to say so":  {nil, 0, 20 * time.Second, 3},
		// A host that never accepted it, and one that did: lockout begins at three.
		"one that was right in the sweep before":           {func(d *domain) { d.password = "as stored" }, 0, 50 * time.Millisecond, 2},
		"the same, with half of the connections kept":      {func(d *domain) { d.password = "as stored" }, 250, 50 * time.Millisecond, 2},
		"a password that was never right, some kept by it": {nil, 100, time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &domain{password: "another", takes: tt.takes, kept: map[string]bool{}}
				w, err := NewWinRM(d, d, catalogue)
				if err != nil {
					t.Fatal(err)
				}
				if tt.before != nil {
					tt.before(d)
					if held := d.scan(t, w, document, 100); held != 0 || d.refusals.Load() != 0 {
						t.Fatalf("with the right password %d are held, %d refused", held, d.refusals.Load())
					}
					d.mu.Lock()
					d.password = "another"
					d.mu.Unlock()
					time.Sleep(5 * time.Minute)
				}
				for i := range tt.kept {
					d.kept[fmt.Sprintf("ws%d", 2*i%500)] = true
				}
				d.scan(t, w, document, 500)
				if got := d.refusals.Load(); got < 1 || got > tt.most {
					t.Errorf("%d hosts refused it before it was held; want %d at most", got, tt.most)
				}
				time.Sleep(4 * time.Minute)
				before := d.refusals.Load()
				d.scan(t, w, document, 40) // fewer, as making a document takes its time
				if got := d.refusals.Load() - before; got != 0 {
					t.Errorf("%d more in the next sweep; want none while it is held", got)
				}
				time.Sleep(3 * time.Hour)
				before = d.refusals.Load()
				d.scan(t, w, document, 40)
				if got := d.refusals.Load() - before; got < 1 || got > tt.most {
					t.Errorf("%d more hours later; want %d at most", got, tt.most)
				}
			})
		})
	}
}

func TestTheRightPasswordDelaysNoSweep(t *testing.T) {
	catalogue, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	document, err := catalogue.Scan("windows", catalogue.Texts().Checks("windows")[0])
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := &domain{password: "as stored", takes: 100 * time.Millisecond}
		w, err := NewWinRM(d, d, catalogue)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			began := time.Now()
			if held := d.scan(t, w, document, 100); held != 0 {
				t.Errorf("sweep %d: %d are held", n, held)
			}
			if took := time.Since(began); took != 200*time.Millisecond {
				t.Errorf("sweep %d took %s; want one host alone, and then all", n, took)
			}
			time.Sleep(5 * time.Minute)
		}
		if d.logons.Load() != 300 {
			t.Errorf("%d logons; want one a host and sweep", d.logons.Load())
		}
	})
}
