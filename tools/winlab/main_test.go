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
		code := run(ctx, []string{"-hosts", "3", "-plain"}, nil, write, io.Discard)
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
			if code := run(t.Context(), c.args, nil, io.Discard, &stderr); code != c.code || stderr.Len() == 0 {
				t.Errorf("run = %d, %q; want %d", code, stderr.String(), c.code)
			}
		})
	}
}

func TestOrdersAreDoneAndAnswered(t *testing.T) {
	orders := []struct{ order, want string }{
		{`{"host":"FRONTDESK-01","do":"get","path":"firewall.profiles.public.enabled"}`, `{"ok":true,"value":true}`},
		{`{"host":"FRONTDESK-01","do":"set","path":"firewall.profiles.public.enabled","value":false}`, `{"ok":true}`},
		{`{"host":"FRONTDESK-01","do":"get","path":"firewall.profiles.public.enabled"}`, `{"ok":true,"value":false}`},
		{`{"host":"FRONTDESK-01","do":"policy","path":"audit.logon","value":0}`, `{"ok":true}`},
		{`{"host":"FRONTDESK-01","do":"get","path":"audit.logon"}`, `{"ok":true,"value":0}`},
		{`{"host":"FRONTDESK-01","do":"set","path":"audit.logon","value":"much"}`, `{"ok":false,"error":"setting audit.logon of FRONTDESK-01: audit.logon: a value of another kind: string for int64"}`},
		{`{"host":"FRONTDESK-01","do":"get","path":"x"}`, `{"ok":false,"error":"bad order: FRONTDESK-01 has no \"x\""}`},
		{`{"host":"FRONTDESK-01","do":"deny","part":"firewall","message":"no","code":"0x80070005"}`, `{"ok":true}`},
		{`{"host":"FRONTDESK-01","do":"allow","part":"firewall"}`, `{"ok":true}`},
		{`{"host":"FRONTDESK-01","do":"hang"}`, `{"ok":true}`},
		{`{"host":"FRONTDESK-01","do":"wake"}`, `{"ok":true}`},
		{`{"host":"FRONTDESK-01","do":"reboot","seconds":0.01}`, `{"ok":true}`},
		{`{"host":"FRONTDESK-01","do":"history"}`, `{"ok":true,"value":null}`},
		{`{"host":"FRONTDESK-01","do":"dance"}`, `{"ok":false,"error":"bad order: nobody can \"dance\""}`},
		{`{"host":"X","do":"get"}`, `{"ok":false,"error":"bad order: there is no host \"X\""}`},
		{`hello`, `{"ok":false,"error":"invalid character 'h' looking for beginning of value"}`},
	}
	var stdin, stdout bytes.Buffer
	for _, o := range orders {
		stdin.WriteString(o.order + "\n")
	}
	if code := run(t.Context(), []string{"-hosts", "4", "-healthy", "-control"}, &stdin, &stdout, io.Discard); code != 0 {
		t.Errorf("run = %d", code)
	}
	lines := bufio.NewScanner(&stdout)
	lines.Scan() // the inventory
	for _, o := range orders {
		if !lines.Scan() || lines.Text() != o.want {
			t.Errorf("%s = %s; want %s", o.order, lines.Text(), o.want)
		}
	}
}
