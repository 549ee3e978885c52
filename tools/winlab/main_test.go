package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"testing"

	"github.com/osiriscare/osiris/tools/winlab/practice"
)

func TestItPrintsTheInventoryAndEndsWhenToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, write := io.Pipe()
	done := make(chan int, 1)
	go func() {
		code := run(ctx, []string{"-hosts", "3", "-plain"}, write, io.Discard)
		_ = write.Close()
		done <- code
	}()
	line, err := bufio.NewReader(read).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var in practice.Inventory
	if err := json.Unmarshal(line, &in); err != nil || len(in.Hosts) != 3 {
		t.Errorf("the inventory = %s, %v", line, err)
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("run = %d", code)
	}
}

func TestWhatItCannotDoIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"a flag nobody knows":  {[]string{"-x"}, 2},
		"too many hosts":       {[]string{"-hosts", "100000"}, 1},
		"no such keytab":       {[]string{"-keytab", "/nonexistent"}, 1},
		"no such password":     {[]string{"-password-file", "/nonexistent"}, 1},
		"an address elsewhere": {[]string{"-hosts", "1", "-address", "192.0.2.1"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			if code := run(t.Context(), c.args, io.Discard, &stderr); code != c.code || stderr.Len() == 0 {
				t.Errorf("run = %d, %q; want %d", code, stderr.String(), c.code)
			}
		})
	}
}
