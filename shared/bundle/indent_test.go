package bundle

import (
	"bytes"
	"encoding/json"
	"testing"
)

func FuzzIndentIsJSONIndent(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `{"a":{}}`, `{"a":[],"b":[{}],"c":{"d":[1,2,{"e":null}]}}`, `"x"`, `{"q\"\\":"{[,:]}\\"}`,
		`{"a":-1.5e+10,"b":true,"c":"é\u2028\\\""}`, `[[[[]]]]`, `{"":""}`, `"\\\\"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var compact, want bytes.Buffer
		if json.Compact(&compact, data) != nil || json.Indent(&want, compact.Bytes(), "", "  ") != nil {
			return
		}
		if got := indent(nil, compact.Bytes()); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("indent(%s) = %s; json.Indent gives %s", compact.Bytes(), got, want.Bytes())
		}
	})
}

func BenchmarkIndent(b *testing.B) {
	v := Bundle{BundleID: IDOf("bench"), MadeTime: 1, Verdict: &Verdict{}}
	for range 24 {
		v.Verdict.Facts = append(v.Verdict.Facts, Fact{"kernel.parameter", "1 (/etc/sysctl.d/60-osiris.conf)"})
	}
	compact, err := json.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("marshal", func(b *testing.B) {
		for b.Loop() {
			_, _ = json.Marshal(v)
		}
	})
	b.Run("json.Indent", func(b *testing.B) {
		for b.Loop() {
			_ = json.Indent(&bytes.Buffer{}, compact, "", "  ")
		}
	})
	b.Run("indent", func(b *testing.B) {
		for b.Loop() {
			_ = indent(make([]byte, 0, 2*len(compact)), compact)
		}
	})
}
