package discover

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// labels encodes a name without compression.
func labels(name string) []byte {
	var b []byte
	for label := range strings.SplitSeq(name, ".") {
		if label != "" {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	return append(b, 0)
}

// rr encodes a resource record whose name is the question's.
func rr(kind uint16, data []byte) []byte {
	b := []byte{0xc0, headerBytes}
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, classIN)
	b = binary.BigEndian.AppendUint32(b, 60)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

func srv(priority, weight, port uint16, target []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, priority)
	b = binary.BigEndian.AppendUint16(b, weight)
	b = binary.BigEndian.AppendUint16(b, port)
	return rr(typeSRV, append(b, target...))
}

func message(answers ...[]byte) []byte {
	m := make([]byte, headerBytes)
	m[2], m[3] = 0x81, 0x80
	m[5], m[7] = 1, byte(len(answers))
	m = append(m, labels("_osiris-grpc._tcp.practice.example")...)
	m = append(m, 0, typeSRV, 0, classIN)
	return slices.Concat(m, slices.Concat(answers...))
}

func TestRecordsAreReadAndOrdered(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers [][]byte
		want    []string
	}{
		{"one", [][]byte{srv(0, 0, 50051, labels("appliance.practice.example"))}, []string{"appliance.practice.example:50051"}},
		{
			"several, by priority and then weight",
			[][]byte{srv(20, 0, 1, labels("c.x")), srv(10, 1, 2, labels("b.x")), srv(10, 5, 3, labels("a.x"))},
			[]string{"a.x:3", "b.x:2", "c.x:1"},
		},
		{
			"a target that is compressed",
			// "appliance" and then the question's name from practice.example on.
			[][]byte{srv(0, 0, 9, append([]byte("\x09appliance"), 0xc0, headerBytes+18))},
			[]string{"appliance.practice.example:9"},
		},
		{"after a CNAME", [][]byte{rr(5, labels("elsewhere.x")), srv(0, 0, 9, labels("a.x"))}, []string{"a.x:9"}},
		{"no service there, beside one", [][]byte{srv(0, 0, 0, labels("")), srv(1, 0, 9, labels("a.x"))}, []string{"a.x:9"}},
	} {
		records, err := parse(message(c.answers...))
		if err != nil {
			t.Errorf("%s: parse = %v", c.name, err)
			continue
		}
		if got := order(records); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
	var many []record
	for i := range 50 {
		many = append(many, record{priority: uint16(i), host: "x"})
	}
	if n := len(order(many)); n != maxTargets {
		t.Errorf("%d targets are used; want %d", n, maxTargets)
	}
}

func TestAnswersThatMakeNoSenseAreErrors(t *testing.T) {
	good := message(srv(0, 0, 50051, labels("appliance.practice.example")))
	for n := range good {
		if _, err := parse(good[:n]); err == nil {
			t.Errorf("the first %d bytes of an answer are accepted", n)
		}
	}
	for name, m := range map[string][]byte{
		"a name that points at itself":    message(srv(0, 0, 1, []byte{0xc0, byte(len(message()) + 12 + 6)})),
		"a label of a reserved kind":      message(srv(0, 0, 1, []byte{0x41, 'a', 0})),
		"a target with a control":         message(srv(0, 0, 1, []byte{1, '\n', 0})),
		"a record without room for a SRV": message(rr(typeSRV, []byte{0, 0, 0, 0, 0, 1})),
	} {
		if _, err := parse(m); !errors.Is(err, errAnswer) {
			t.Errorf("%s: %v; want errAnswer", name, err)
		}
	}
	for name, m := range map[string][]byte{"no answer": message(), "only another kind": message(rr(1, []byte{127, 0, 0, 1})), "a decided no": message(srv(0, 0, 0, labels("")))} {
		if _, err := parse(m); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v; want ErrNone", name, err)
		}
	}
}

func TestAddressesAreCompleted(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "_osiris-grpc._tcp:0",
		"_osiris-grpc._tcp.x":    "_osiris-grpc._tcp.x:0",
		"_osiris-grpc._tcp.x:99": "_osiris-grpc._tcp.x:99",
		"host:50051":             "host:50051",
	} {
		if got := Address(in); got != want {
			t.Errorf("Address(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestALookupEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	// The name is refused before anything is sent: a label has at most 63 bytes.
	if _, err := Targets(ctx, strings.Repeat("x", 64)+"._tcp"); err == nil {
		t.Error("Targets = nil; want an error")
	}
	if _, err := Targets(context.Background(), strings.Repeat("x", 64)+".example."); err == nil {
		t.Error("Targets of a name that cannot be = nil; want an error")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(message(srv(0, 0, 50051, labels("appliance.practice.example"))))
	f.Add(message(rr(5, labels("elsewhere.x")), srv(1, 2, 3, []byte{0xc0, headerBytes})))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, m []byte) {
		records, err := parse(m)
		if (err == nil) != (len(records) > 0) {
			t.Errorf("parse = %v, %v", records, err)
		}
		for _, r := range records {
			if r.host == "" || len(r.host) > maxName+64 || strings.ContainsAny(r.host, "\x00\n :/") {
				t.Errorf("the host is %q", r.host)
			}
		}
	})
}
