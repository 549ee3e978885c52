package sntp

import (
	"encoding/hex"
	"testing"
	"time"
)

// An answer in the layout of RFC 5905, figure 8, made by hand: stratum 1,
// reference GPS, received and sent at 2026-11-22T12:00:00 UTC and a half.
const sample = "240106ec00000000000000104750530000000000000000000102030405060708" +
	"eead57c080000000" + "eead57c080000000"

func TestTheSampleIsReadAsItIsWritten(t *testing.T) {
	var b packet
	if _, err := hex.Decode(b[:], []byte(sample)); err != nil {
		t.Fatal(err)
	}
	sent := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	r, err := parse(&b, sent, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	want := Reading{Offset: 490 * time.Millisecond, Delay: 20 * time.Millisecond, Stratum: 1}
	if *r != want {
		t.Errorf("parse = %+v; want %+v", *r, want)
	}
	if r, err := parse(&b, sent, 1100*time.Millisecond); err == nil {
		t.Errorf("an answer after 1.1 s gives %+v", *r)
	}
}

func FuzzParse(f *testing.F) {
	b, err := hex.DecodeString(sample)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, int64(1795176000), int64(20_000_000))
	f.Add(b[:47], int64(0), int64(0))
	f.Fuzz(func(t *testing.T, text []byte, sent, took int64) {
		var b packet
		copy(b[:], text)
		question := [packetSize]byte{transmitAt: 1}
		parsable(&b, &question)
		r, err := parse(&b, time.Unix(sent%(1<<33), 0), time.Duration(took))
		if (r == nil) == (err == nil) {
			t.Fatalf("parse = %v, %v", r, err)
		}
		if r != nil && (r.Delay < 0 || r.Delay > mostDelay || r.Stratum == 0 || r.Stratum > maxStratum) {
			t.Errorf("parse = %+v", *r)
		}
	})
}
