package say_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/say"
)

type colour int

func (colour) String() string { return "deep red" }

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name, text, json string
		log              func(*say.Logger)
	}{
		{
			"a plain event", "2000-01-01T00:00:00.000Z info queue opened records=3 ok=true\n",
			`{"time":"2000-01-01T00:00:00.000Z","level":"info","msg":"queue opened","records":3,"ok":true}` + "\n",
			func(l *say.Logger) { l.Info("queue opened", "records", 3, "ok", true) },
		},
		{
			"every type of value", `2000-01-01T00:00:00.000Z warn types s=x i=-1 i64=-2 u32=3 u64=18446744073709551615 e="no route" d=1.5s t=2000-01-01T00:00:00.000Z b=00ff str="deep red" n=nil f=!unsupported sec=***` + "\n",
			`{"time":"2000-01-01T00:00:00.000Z","level":"warn","msg":"types","s":"x","i":-1,"i64":-2,"u32":3,"u64":18446744073709551615,"e":"no route","d":"1.5s","t":"2000-01-01T00:00:00.000Z","b":"00ff","str":"deep red","n":null,"f":"!unsupported","sec":"***"}` + "\n",
			func(l *say.Logger) {
				l.Warn("types", "s", "x", "i", -1, "i64", int64(-2), "u32", uint32(3), "u64", ^uint64(0), "e", errors.New("no route"), "d", 1500*time.Millisecond,
					"t", time.Now(), "b", []byte{0, 255}, "str", colour(1), "n", nil, "f", 1.5, "sec", say.NewSecret("hunter2"))
			},
		},
		{
			"what would break the line is quoted", `2000-01-01T00:00:00.000Z error odd nl="a\nb" eq="a=b" q="\"" esc="\x1b[31m" empty="" bad="\xff" ls="\u2028" bidi="\u202e" nbsp="\u00a0" uml=ü bs="\\"` + "\n",
			`{"time":"2000-01-01T00:00:00.000Z","level":"error","msg":"odd","nl":"a\nb","eq":"a=b","q":"\"","esc":"\u001b[31m","empty":"","bad":"\ufffd","ls":"\u2028","bidi":"` + "\u202e" + `","nbsp":"` + "\u00a0" + `","uml":"ü","bs":"\\"}` + "\n",
			func(l *say.Logger) {
				l.Error("odd", "nl", "a\nb", "eq", "a=b", "q", `"`, "esc", "\x1b[31m", "empty", "", "bad", "\xff", "ls", "\u2028", "bidi", "\u202e", "nbsp", "\u00a0", "uml", "ü", "bs", `\`)
			},
		},
		{
			"a message cannot forge a line", `2000-01-01T00:00:00.000Z info "x\n2000 error owned"` + "\n",
			`{"time":"2000-01-01T00:00:00.000Z","level":"info","msg":"x\n2000 error owned"}` + "\n",
			func(l *say.Logger) { l.Info("x\n2000 error owned") },
		},
		{
			"odd keys are made safe", `2000-01-01T00:00:00.000Z info m a_b_=1 level_=2 bad_key=3 _=4 last=!missing` + "\n",
			`{"time":"2000-01-01T00:00:00.000Z","level":"info","msg":"m","a_b_":1,"level_":2,"bad_key":3,"_":4,"last":"!missing"}` + "\n",
			func(l *say.Logger) { l.Info("m", "a b\n", 1, "level", 2, 7, 3, "", 4, "last") },
		},
		{
			"With comes first and does not leak", "2000-01-01T00:00:00.000Z info m component=link a=1 b=2\n2000-01-01T00:00:00.000Z info m component=link a=2\n",
			`{"time":"2000-01-01T00:00:00.000Z","level":"info","msg":"m","component":"link","a":1,"b":2}` + "\n" + `{"time":"2000-01-01T00:00:00.000Z","level":"info","msg":"m","component":"link","a":2}` + "\n",
			func(l *say.Logger) {
				base := l.With("component", "link")
				one, two := base.With("a", 1), base.With("a", 2)
				one.Info("m", "b", 2)
				two.Info("m")
			},
		},
		{"events below the level are dropped", "", "", func(l *say.Logger) { l.Debug("m"); l.With("a", 1).Debug("m") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the clock stands at 2000-01-01
				var text, object bytes.Buffer
				c.log(say.New(&text, say.LevelInfo))
				c.log(say.NewJSON(&object, say.LevelInfo))
				if text.String() != c.text {
					t.Errorf("text:\n%s\nwant:\n%s", text.String(), c.text)
				}
				if object.String() != c.json {
					t.Errorf("JSON:\n%s\nwant:\n%s", object.String(), c.json)
				}
				for line := range strings.Lines(object.String()) {
					if !json.Valid([]byte(line)) {
						t.Errorf("not JSON: %s", line)
					}
				}
			})
		})
	}
}

func TestLongValuesAreCut(t *testing.T) {
	var b bytes.Buffer
	l := say.New(&b, say.LevelInfo)
	l.Info(strings.Repeat("m", 1<<20), "s", strings.Repeat("x", 1<<20), "b", make([]byte, 1<<20))
	if b.Len() > 3*4200 {
		t.Errorf("line has %d bytes", b.Len())
	}
}

func TestGoroutinesWriteWholeLines(t *testing.T) {
	var b bytes.Buffer
	l := say.New(&b, say.LevelInfo)
	var wg sync.WaitGroup
	for i := range 8 {
		child := l.With("worker", i)
		wg.Go(func() {
			for n := range 100 {
				child.Info("tick", "n", n)
			}
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 800 {
		t.Fatalf("%d lines; want 800", len(lines))
	}
	for _, line := range lines {
		if f := strings.Fields(line); len(f) != 5 || f[2] != "tick" {
			t.Fatalf("line = %q", line)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	s := say.NewSecret("hunter2")
	outer := struct {
		Name  string
		Token say.Secret
		inner say.Secret
	}{"x", s, s}
	encoded, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	printed := string(encoded) + s.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, outer) + fmt.Sprintf(verb, &outer) + fmt.Sprintf(verb, []say.Secret{s})
	}
	if strings.Contains(printed, "hunter2") || strings.Contains(printed, "68756e74657232") {
		t.Errorf("a secret was printed: %s", printed)
	}
	if s.Reveal() != "hunter2" || (say.Secret{}).Reveal() != "" {
		t.Error("Reveal does not give the value")
	}
}

type fault struct{ text string }

func (f *fault) Error() string { return f.text }

func TestATypedNilDoesNotEndTheAgent(t *testing.T) {
	var b bytes.Buffer
	say.New(&b, say.LevelInfo).Info("m", "error", (*fault)(nil))
	if !strings.HasSuffix(b.String(), " info m error=!nil\n") {
		t.Errorf("line = %q", b.String())
	}
}

func TestLevels(t *testing.T) {
	for _, l := range []say.Level{say.LevelDebug, say.LevelInfo, say.LevelWarn, say.LevelError} {
		if got, ok := say.ParseLevel(l.String()); !ok || got != l {
			t.Errorf("ParseLevel(%q) = %v, %v", l.String(), got, ok)
		}
	}
	if _, ok := say.ParseLevel("loud"); ok {
		t.Error(`ParseLevel("loud") succeeded`)
	}
	if say.Discard().Enabled(say.LevelError) {
		t.Error("Discard writes errors")
	}
}
