package action

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const testValue = `HKLM\SOFTWARE\Osiris action test\Value`

func TestTheRunningWindowsKeepsAndRestoresAValue(t *testing.T) {
	if syscall.NewLazyDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		t.Skip("this test runs under Wine only; on a real Windows it would change the machine")
	}
	w := &windowsSystem{}
	h := &Host{windows: w}
	rows, err := take(t.Context(), h, "", "r"+testValue, "2")
	if want := "r" + testValue + "\t-\t2\n"; err != nil || rows != want {
		t.Fatalf("take = %q, %v; want %q", rows, err, want)
	}
	h.Snapshot = []byte(rows)
	f := &fix{}
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { _, err := f.Apply(t.Context(), h); return err }, "2"},
		{func() error { return f.Revert(t.Context(), h, h.Snapshot) }, "-"},
		{func() error { return f.Revert(t.Context(), h, h.Snapshot) }, "-"}, // again
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if now, err := w.Do(t.Context(), 'r', testValue, ""); err != nil || now != testValue+"\t"+step.want {
			t.Errorf("the value is %q, %v; want %s", now, err, step.want)
		}
	}
}

func TestTheRunningWindowsSaysWhatItCannotRead(t *testing.T) {
	w := &windowsSystem{}
	for name, err := range map[string]error{
		"a value that is no number":     read(t, w, 'r', `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\CurrentBuild`),
		"a service that is not there":   read(t, w, 'v', "Osiris action test"),
		"a volume that is not Windows'": read(t, w, 'c', "Q: has 3"),
		"files that were deleted":       func() error { _, err := w.Do(t.Context(), 'c', "C: has 3", "0"); return err }(),
	} {
		if err == nil {
			t.Errorf("%s gives no error", name)
		}
	}
	if now, err := w.Do(t.Context(), 'c', os.Getenv("SystemDrive")+" has 3", ""); err != nil || !strings.HasSuffix(now, "\t0") {
		t.Errorf("the system's volume gives %q, %v", now, err)
	}
}

func read(t *testing.T, w windows, verb byte, object string) error {
	t.Helper()
	rows, err := w.Do(t.Context(), verb, object, "")
	if err == nil {
		t.Logf("%c %s gives %q", verb, object, rows)
	}
	return err
}

func TestACleanUpDeletesOldTemporaryFilesOnly(t *testing.T) {
	folder := t.TempDir()
	old := time.Now().Add(-cleanAge - time.Hour)
	files := map[string]bool{ // whether it stays
		"a.tmp": false, "B.TMP": false, "cab_1_2": false, "setup.log": true, "a.tmp.log": true, "other.dat": true, "Security.evtx": true,
	}
	make := func(name string, at time.Time) {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	for name := range files {
		make(name, old)
	}
	make("young.tmp", time.Now().Add(-cleanAge+time.Hour))
	make(`folder.tmp\inside.tmp`, old)
	files["young.tmp"], files[`folder.tmp\inside.tmp`] = true, true
	if err := clean(t.Context(), folder+`\`); err != nil {
		t.Fatal(err)
	}
	for name, stays := range files {
		if _, err := os.Stat(filepath.Join(folder, name)); (err == nil) != stays {
			t.Errorf("%s: %v; want it to stay: %v", name, err, stays)
		}
	}
	if err := clean(t.Context(), folder+`\none\`); err != nil {
		t.Errorf("an absent folder: %v", err)
	}
}
