package trial_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/remote/trial"
)

func TestAStoryIsRead(t *testing.T) {
	s, err := trial.Read([]byte("Root may sign in.\n-- settings --\nsshd_root_login.allow_key_only = yes\n-- break --\necho\n-- broken --\n\none\n two\n-- healed --\ntrue\n-- may --\n^file /etc/x \n-- cannot --\naudit: it is the machine's: covered elsewhere\n-- as --\nkeeper\n-- learn --\nid\n-- instead --\nunknown pass\nnobody knows\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"echo\n", "true\n", []string{"one", "two"}, map[string]string{"audit": "it is the machine's: covered elsewhere"}, "keeper", "id\n", []string{"unknown", "pass"}, []string{"nobody knows"}}, []any{s.Break, s.Healed, s.Broken, s.Cannot, s.As, s.Learn, s.Instead, s.InsteadSays}); diff != "" {
		t.Error(diff)
	}
	if value, ok := s.Settings("sshd_root_login")("allow_key_only"); value != "yes" || !ok {
		t.Errorf("Settings = %q, %t", value, ok)
	}
	if _, ok := s.Settings("firewall")("allow_key_only"); ok {
		t.Error("another check has the setting too")
	}
	got := s.Alike([]string{"same", "file /etc/x 1", "gone"}, []string{"same", "file /etc/x 2", "file /etc/y"})
	if diff := cmp.Diff([]string{"-gone", "+file /etc/y"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoStoryIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                      "",
		"no words":                     "-- break --\nx\n-- broken --\ny\n",
		"a section nobody knows":       "A.\n-- brake --\nx\n",
		"a section twice":              "A.\n-- break --\nx\n-- break --\nx\n-- broken --\ny\n",
		"a break nobody sees":          "A.\n-- break --\nx\n",
		"nothing that happens":         "A.\n-- healthy --\nx\n",
		"no word of what is seen":      "A.\n-- cannot --\na: b\n",
		"a setting without a value":    "A.\n-- settings --\nx.y\n-- cannot --\na: b\n",
		"a pattern that is none":       "A.\n-- may --\n(\n-- cannot --\na: b\n",
		"something not tried, and why": "A.\n-- cannot --\naudit\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := trial.Read([]byte(text)); !errors.Is(err, trial.ErrStory) {
				t.Errorf("Read = %v; want %v", err, trial.ErrStory)
			}
		})
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*.txtar")
	more, err2 := filepath.Glob("testdata/vm/*.txtar")
	if err := errors.Join(err, err2); err != nil || len(names) == 0 || len(more) == 0 {
		f.Fatal(names, more, err)
	}
	names = append(names, more...)
	for _, name := range names {
		text := read(f, name)
		f.Add(text)
		if _, err := trial.Read(text); err != nil {
			f.Errorf("%s: %v", name, err)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := trial.Read(text)
		if err == nil && s.Break == "" && len(s.Cannot) == 0 || err != nil && !errors.Is(err, trial.ErrStory) {
			t.Errorf("Read(%q) = %+v, %v", text, s, err)
		}
	})
}
