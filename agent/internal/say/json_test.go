package say_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/say"
)

func TestJSONIsWhatEncodingJSONWrites(t *testing.T) {
	type inner struct {
		A []int64 `json:"a"`
		B bool    `json:"b"`
	}
	want, err := json.Marshal(struct {
		Name  string           `json:"Name"`
		Inner inner            `json:"inner"`
		List  []map[string]any `json:"list"`
		Empty []int            `json:"empty"`
		Null  *int             `json:"null"`
		Big   uint64           `json:"big"`
	}{"x\ny", inner{[]int64{1, math.MinInt64}, true}, []map[string]any{{}, {"k": "v"}}, []int{}, nil, math.MaxUint64})
	if err != nil {
		t.Fatal(err)
	}
	var j say.JSON
	j.Object().
		Key(`Name`).Str("x\ny").
		Key("inner").Object().Key("a").Array().Int(1).Int(math.MinInt64).EndArray().Key("b").Bool(true).EndObject().
		Key("list").Array().Object().EndObject().Object().Key("k").Str("v").EndObject().EndArray().
		Key("empty").Array().EndArray().
		Key("null").Null().
		Key("big").Uint(math.MaxUint64).
		EndObject()
	if diff := cmp.Diff(string(want), string(j.Bytes())); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\\b\f\n\r\t\x00\x1f\x7f", "\xff\xfe", "\u2028\u2029", "☃🐫", "<script>&", "\xed\xa0\x80", "a\xc3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got := string(say.AppendString(nil, s)) + "\n"; got != want.String() {
			t.Errorf("AppendString(%q) = %s; want %s", s, got, want.String())
		}
	})
}

func FuzzLine(f *testing.F) {
	f.Add("m", "k", "v")
	f.Add("m=\n", "k\r\n", "\u0085")
	f.Add("\xff", "\x00", "\u2028 =\"")
	f.Fuzz(func(t *testing.T, msg, key, value string) {
		var text, object bytes.Buffer
		say.New(&text, say.LevelInfo).Info(msg, key, value)
		say.NewJSON(&object, say.LevelInfo).Info(msg, key, value)
		for _, b := range [][]byte{text.Bytes(), object.Bytes()} {
			for i, c := range b {
				if c < ' ' && i != len(b)-1 {
					t.Errorf("Info(%q, %q, %q) = %q", msg, key, value, b)
				}
			}
		}
		if !utf8.Valid(text.Bytes()) || bytes.ContainsRune(text.Bytes(), 0x2028) || bytes.ContainsRune(text.Bytes(), 0x85) {
			t.Errorf("Info(%q, %q, %q) = %q", msg, key, value, text.Bytes())
		}
		var decoded map[string]any
		if err := json.Unmarshal(object.Bytes(), &decoded); err != nil || len(decoded) != 4 {
			t.Errorf("Info(%q, %q, %q) = %q: %v", msg, key, value, object.Bytes(), err)
		}
	})
}
