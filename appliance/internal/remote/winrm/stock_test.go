//go:build integration

package winrm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	stock "github.com/masterzen/winrm"
)

// errand is what the stock client, with its own transport, is to do. It does so
// in a process of its own, which it may crash or never end.
type errand struct {
	Port       int
	Line       string
	Goroutines int
	Each       int
	Context    time.Duration
	Endpoint   time.Duration
}

// outcome is what it reports.
type outcome struct {
	OK     int
	Errors []string
}

const errandVariable = "OSIRIS_STOCK_WINRM"

func TestMain(m *testing.M) {
	if text := os.Getenv(errandVariable); text != "" {
		var e errand
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		if err := json.NewEncoder(os.Stdout).Encode(e.run()); err != nil {
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// run does it in this process.
func (e errand) run() outcome {
	var out outcome
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range max(e.Goroutines, 1) {
		wg.Go(func() {
			for range max(e.Each, 1) {
				err := e.once()
				mu.Lock()
				if err == nil {
					out.OK++
				} else {
					out.Errors = append(out.Errors, err.Error())
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}

func (e errand) once() error {
	endpoint := stock.NewEndpoint("127.0.0.1", e.Port, false, false, nil, nil, nil, e.Endpoint)
	params := stock.NewParameters("PT2S", "en-US", 153600)
	params.TransportDecorator = func() stock.Transporter {
		t, err := stock.NewEncryption("ntlm")
		if err != nil {
			return nil
		}
		return t
	}
	client, err := stock.NewClientWithParameters(endpoint, `NORTHVALLEY\alice`, "Secret-1", params)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), e.Context)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code, err := client.RunWithContext(ctx, e.Line, &stdout, &stderr)
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d", code)
	}
	return err
}

// stockDoes starts the errand and waits, but not forever. ended is false when
// it had to be killed, and said is its standard error.
func stockDoes(t *testing.T, e errand, patience time.Duration) (out outcome, ended bool, said string) {
	t.Helper()
	if e.Context == 0 {
		e.Context = 20 * time.Second
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), errandVariable+"="+string(text))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return out, false, stderr.String()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err == nil {
		if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
			t.Fatalf("the stock client said %q: %v", stdout.Bytes(), err)
		}
	}
	return out, true, stderr.String()
}
