package grpcwire

import (
	"encoding/base64"
	"strings"
	"testing"
)

// FuzzBase64 holds both directions to the standard library's.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "A", "AB", "AQI", "AQID", "AQIDB", "***", "A=", "A\nB", "+/+/", "\xff\x00abc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		encoded := encode64(s)
		if want := base64.RawStdEncoding.EncodeToString([]byte(s)); encoded != want {
			t.Fatalf("encode64(%q) = %q; want %q", s, encoded, want)
		}
		if back, ok := decode64(encoded); !ok || back != s {
			t.Fatalf("decode64(%q) = %q, %v; want %q", encoded, back, ok, s)
		}
		if strings.ContainsAny(s, "\r\n") {
			return // which the standard library skips; no header can hold them
		}
		want, err := base64.RawStdEncoding.DecodeString(s)
		if got, ok := decode64(s); ok != (err == nil) || ok && got != string(want) {
			t.Fatalf("decode64(%q) = %q, %v; want %q, %v", s, got, ok, want, err)
		}
	})
}
