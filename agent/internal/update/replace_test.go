package update

import (
	"bytes"
	"os"
	"testing"
)

// A program that runs is replaced at once on Unix; Windows has it renamed out of
// the way.
func TestAProgramIsReplacedWhileItRuns(t *testing.T) {
	m := newMachine(t, "good")
	t.Setenv("OSIRIS_MINI", m.root)
	p, err := spawn(m.exe, []string{"idle"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := kill(p.id()); err != nil {
			t.Errorf("the program in use was not running any more: %v", err)
		}
		if _, err := p.wait(); err != nil {
			t.Error(err)
		}
	}()
	fresh := beside(m.exe, "new")
	if err := os.WriteFile(fresh, m.new, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := replace(fresh, m.exe); err != nil {
		t.Fatalf("replace = %v", err)
	}
	if got, err := os.ReadFile(m.exe); err != nil || !bytes.Equal(got, m.new) {
		t.Errorf("the new program is not in place: %v", err)
	}
	if err := try(t.Context(), m.exe, []string{"validate"}); err != nil {
		t.Errorf("the new program does not start: %v", err)
	}
}

func TestWhatReplacesMustBeThere(t *testing.T) {
	m := newMachine(t, "good")
	if err := replace(beside(m.exe, "new"), m.exe); err == nil {
		t.Error("replace = nil")
	}
	if got, err := os.ReadFile(m.exe); err != nil || !bytes.Equal(got, m.old) {
		t.Errorf("the old program is gone: %v", err)
	}
}
