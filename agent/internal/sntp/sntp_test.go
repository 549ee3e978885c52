package sntp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/osiriscare/osiris/agent/internal/sntp"
)

// server is a time server on loopback.
func server(t *testing.T, answers func(question []byte) [][]byte) string {
	t.Helper()
	addr, receive := listen(t)
	go func() {
		b := make([]byte, 128)
		for {
			n, answer, err := receive(b)
			if err != nil {
				return
			}
			for _, text := range answers(b[:n]) {
				if err := answer(text); err != nil {
					return
				}
			}
		}
	}()
	return addr
}

// answer is what an honest server says whose clock is ahead.
func answer(question []byte, ahead time.Duration) []byte {
	b := make([]byte, 48)
	b[0], b[1] = 4<<3|4, 2
	copy(b[24:32], question[40:48])
	now := time.Now().Add(ahead)
	for _, at := range []int{32, 40} {
		binary.BigEndian.PutUint32(b[at:], uint32(now.Unix()+2208988800))
		binary.BigEndian.PutUint32(b[at+4:], uint32(uint64(now.Nanosecond())<<32/1e9))
	}
	return b
}

func TestTheOffsetIsMeasured(t *testing.T) {
	for name, ahead := range map[string]time.Duration{
		"equal": 0, "ahead": 90 * time.Second, "behind": -36 * time.Hour, "after 2036": 20 * 365 * 24 * time.Hour,
	} {
		addr := server(t, func(question []byte) [][]byte {
			if len(question) != 48 || question[0] != 4<<3|3 {
				t.Errorf("the question has %d bytes and begins with %x", len(question), question[0])
			}
			for _, c := range question[1:40] {
				if c != 0 {
					t.Errorf("the question tells more than it must: %x", question)
				}
			}
			return [][]byte{answer(question, ahead)}
		})
		r, err := sntp.Query(context.Background(), addr)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// A second is the most that Query lets an answer take.
		if d := (r.Offset - ahead).Abs(); d > time.Second {
			t.Errorf("%s: the offset is %v; want %v", name, r.Offset, ahead)
		}
		if r.Stratum != 2 || r.Delay < 0 {
			t.Errorf("%s: stratum %d, delay %v", name, r.Stratum, r.Delay)
		}
	}
}

func TestAnswersThatMustNotCount(t *testing.T) {
	for name, change := range map[string]func(b []byte){
		"kiss of death":          func(b []byte) { b[1] = 0 },
		"no leap state":          func(b []byte) { b[0] |= 3 << 6 },
		"stratum 16":             func(b []byte) { b[1] = 16 },
		"far from its source":    func(b []byte) { b[5] = 3 },
		"uncertain":              func(b []byte) { b[9] = 2 },
		"no time received":       func(b []byte) { clear(b[32:40]) },
		"no time sent":           func(b []byte) { clear(b[40:48]) },
		"sent before received":   func(b []byte) { b[43]-- },
		"held longer than it is": func(b []byte) { b[43] += 100 },
	} {
		addr := server(t, func(question []byte) [][]byte {
			b := answer(question, 0)
			change(b)
			return [][]byte{b}
		})
		if r, err := sntp.Query(context.Background(), addr); !errors.Is(err, sntp.ErrNoTime) {
			t.Errorf("%s: %v, %v; want %v", name, r, err, sntp.ErrNoTime)
		}
	}
}

func TestAnswersToOtherQuestionsArePassedBy(t *testing.T) {
	addr := server(t, func(question []byte) [][]byte {
		forged := answer(question, time.Hour)
		forged[24] ^= 1
		client := answer(question, time.Hour)
		client[0] = 4<<3 | 3
		return [][]byte{forged, client, {1, 2, 3}, answer(question, 0)}
	})
	r, err := sntp.Query(context.Background(), addr)
	if err != nil || r.Offset.Abs() > time.Second {
		t.Errorf("Query = %v, %v; want about 0", r, err)
	}
	addr = server(t, func([]byte) [][]byte { return make([][]byte, 9) })
	if r, err := sntp.Query(context.Background(), addr); err == nil {
		t.Errorf("Query of a server that only talks = %v", r)
	}
}

func TestAServerThatIsAway(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	if r, err := sntp.Query(ctx, "127.0.0.1:1"); err == nil {
		t.Errorf("Query = %v; want an error", r)
	}
	cancel()
	if r, err := sntp.Query(ctx, "localhost:123"); !errors.Is(err, context.Canceled) {
		t.Errorf("Query after the end = %v, %v", r, err)
	}
	for _, bad := range []string{"", "time.example", "127.0.0.1:ntp", "no such host.invalid:123"} {
		if r, err := sntp.Query(context.Background(), bad); err == nil {
			t.Errorf("Query(%q) = %v; want an error", bad, r)
		}
	}
}
