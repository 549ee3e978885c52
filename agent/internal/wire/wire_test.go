package wire_test

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/osiriscare/osiris/agent/internal/wire"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// pairs are every message the agent speaks, with the standard runtime's type.
var pairs = []struct {
	standard proto.Message
	ours     func() wire.Message
}{
	{&compliancev1.Hello{}, func() wire.Message { return &wire.Hello{} }},
	{&compliancev1.ApplianceMessage{}, func() wire.Message { return &wire.ApplianceMessage{} }},
	{&compliancev1.Welcome{}, func() wire.Message { return &wire.Welcome{} }},
	{&compliancev1.Ack{}, func() wire.Message { return &wire.Ack{} }},
	{&compliancev1.PolicyUpdate{}, func() wire.Message { return &wire.PolicyUpdate{} }},
	{&compliancev1.Drain{}, func() wire.Message { return &wire.Drain{} }},
	{&compliancev1.Heartbeat{}, func() wire.Message { return &wire.Heartbeat{} }},
	{&compliancev1.Report{}, func() wire.Message { return &wire.Report{} }},
	{&compliancev1.HostFacts{}, func() wire.Message { return &wire.HostFacts{} }},
	{&compliancev1.RegisterRequest{}, func() wire.Message { return &wire.RegisterRequest{} }},
	{&compliancev1.RegisterResponse{}, func() wire.Message { return &wire.RegisterResponse{} }},
	{&compliancev1.RenewRequest{}, func() wire.Message { return &wire.RenewRequest{} }},
	{&compliancev1.RenewResponse{}, func() wire.Message { return &wire.RenewResponse{} }},
	{&compliancev1.CheckUpdateRequest{}, func() wire.Message { return &wire.CheckUpdateRequest{} }},
	{&compliancev1.CheckUpdateResponse{}, func() wire.Message { return &wire.CheckUpdateResponse{} }},
	{&compliancev1.UpdateOutcome{}, func() wire.Message { return &wire.UpdateOutcome{} }},
	{&compliancev1.FetchTargetRequest{}, func() wire.Message { return &wire.FetchTargetRequest{} }},
	{&compliancev1.FetchTargetResponse{}, func() wire.Message { return &wire.FetchTargetResponse{} }},
	{&compliancev1.Record{}, func() wire.Message { return &wire.Record{} }},
	{&compliancev1.Verdict{}, func() wire.Message { return &wire.Verdict{} }},
	{&compliancev1.Fact{}, func() wire.Message { return &wire.Fact{} }},
	{&compliancev1.StateReport{}, func() wire.Message { return &wire.StateReport{} }},
	{&compliancev1.Gap{}, func() wire.Message { return &wire.Gap{} }},
	{&compliancev1.CommandResult{}, func() wire.Message { return &wire.CommandResult{} }},
	{&compliancev1.PhaseResult{}, func() wire.Message { return &wire.PhaseResult{} }},
	{&trustv1.SignedEnvelope{}, func() wire.Message { return &wire.Envelope{} }},
	{&trustv1.TrustChain{}, func() wire.Message { return &wire.TrustChain{} }},
	{&trustv1.Delegation{}, func() wire.Message { return &wire.Delegation{} }},
	{&trustv1.TrustDoc{}, func() wire.Message { return &wire.TrustDoc{} }},
	{&trustv1.Policy{}, func() wire.Message { return &wire.Policy{} }},
	{&trustv1.Command{}, func() wire.Message { return &wire.Command{} }},
	{&trustv1.SignatureList{}, func() wire.Message { return &wire.SignatureList{} }},
	{&trustv1.ProductSignature{}, func() wire.Message { return &wire.ProductSignature{} }},
	{&trustv1.ProductMarks{}, func() wire.Message { return &wire.ProductMarks{} }},
}

// fill sets random fields of m; oneofs get one member.
func fill(r *rand.Rand, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if r.Intn(4) == 0 || depth > 5 {
			continue
		}
		if f.IsList() {
			list := m.Mutable(f).List()
			for range r.Intn(3) {
				if f.Kind() == protoreflect.MessageKind {
					e := list.NewElement()
					fill(r, e.Message(), depth+1)
					list.Append(e)
				} else {
					list.Append(scalar(r, f))
				}
			}
			continue
		}
		if f.Kind() == protoreflect.MessageKind {
			fill(r, m.Mutable(f).Message(), depth+1)
			continue
		}
		m.Set(f, scalar(r, f))
	}
}

func scalar(r *rand.Rand, f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString([]string{"", "a", "Ünïcödé ☂", "longer text with spaces"}[r.Intn(4)])
	case protoreflect.BytesKind:
		b := make([]byte, r.Intn(40))
		r.Read(b)
		return protoreflect.ValueOfBytes(b)
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(r.Intn(2) == 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(r.Intn(f.Enum().Values().Len())))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(r.Uint32())
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(r.Uint64())
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(r.Uint64()))
	default:
		panic("wire does not know the kind " + f.Kind().String() + " of " + string(f.FullName()))
	}
}

func TestEveryMessageReadsAlikeInBothRuntimes(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for _, p := range pairs {
		name := string(p.standard.ProtoReflect().Descriptor().Name())
		t.Run(name, func(t *testing.T) {
			for range 200 {
				want := p.standard.ProtoReflect().New()
				fill(r, want, 0)
				encoded, err := proto.Marshal(want.Interface())
				if err != nil {
					t.Fatal(err)
				}
				ours := p.ours()
				if err := wire.Decode(encoded, ours); err != nil {
					t.Fatalf("Decode(%s) = %v; want nil", name, err)
				}
				got := p.standard.ProtoReflect().New().Interface()
				if err := proto.Unmarshal(wire.Encode(ours), got); err != nil {
					t.Fatalf("the standard runtime refuses Encode(%s): %v", name, err)
				}
				if diff := cmp.Diff(want.Interface(), got, protocmp.Transform()); diff != "" {
					t.Fatalf("%s changed on its way (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// TestEveryFieldIsNamed fills every field, so that one missing in Fields cannot
// hide behind chance.
func TestEveryFieldIsNamed(t *testing.T) {
	for _, p := range pairs {
		m := p.standard.ProtoReflect().New()
		fields := m.Descriptor().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			one := m.New()
			switch {
			case f.IsList() && f.Kind() == protoreflect.MessageKind:
				one.Mutable(f).List().AppendMutable()
			case f.IsList() && f.Kind() == protoreflect.StringKind:
				one.Mutable(f).List().Append(protoreflect.ValueOfString("x"))
			case f.IsList():
				one.Mutable(f).List().Append(protoreflect.ValueOfBytes([]byte("x")))
			case f.Kind() == protoreflect.MessageKind:
				one.Mutable(f)
			case f.Kind() == protoreflect.StringKind:
				one.Set(f, protoreflect.ValueOfString("x"))
			case f.Kind() == protoreflect.BytesKind:
				one.Set(f, protoreflect.ValueOfBytes([]byte("x")))
			case f.Kind() == protoreflect.BoolKind:
				one.Set(f, protoreflect.ValueOfBool(true))
			case f.Kind() == protoreflect.EnumKind:
				one.Set(f, protoreflect.ValueOfEnum(1))
			case f.Kind() == protoreflect.Uint32Kind:
				one.Set(f, protoreflect.ValueOfUint32(1<<32-1))
			case f.Kind() == protoreflect.Uint64Kind:
				one.Set(f, protoreflect.ValueOfUint64(1<<64-1))
			case f.Kind() == protoreflect.Int64Kind:
				one.Set(f, protoreflect.ValueOfInt64(-1))
			}
			want, err := proto.Marshal(one.Interface())
			if err != nil {
				t.Fatal(err)
			}
			ours := p.ours()
			if err := wire.Decode(want, ours); err != nil {
				t.Errorf("Decode(%s) = %v; want nil", f.FullName(), err)
			}
			if got := wire.Encode(ours); !bytes.Equal(got, want) {
				t.Errorf("%s: Encode = %x; want %x", f.FullName(), got, want)
			}
		}
	}
}

func TestDecodeRefusesMalformedBytes(t *testing.T) {
	for name, b := range map[string][]byte{
		"a tag that does not end":      {0x80},
		"field number zero":            {0x00, 0x00},
		"a field number past the last": {0x80, 0x80, 0x80, 0x80, 0x10, 0x00},
		"a group":                      {0x0b},
		"bytes past the end":           {0x0a, 0x05, 'x'},
		"a length that overflows":      {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"a varint where bytes belong":  {0x08, 0x01},
		"bytes where a varint belongs": {0x22, 0x00},
		"a varint that does not end":   {0x20, 0xff},
		"a varint that is not there":   {0x20},
		"a fixed field that is cut":    {0xfd, 0x7f, 0x00},
		"a list element that is wrong": {0x3a, 0x01, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			if err := wire.Decode(b, &wire.Command{}); err == nil {
				t.Errorf("Decode(%x) = nil; want an error", b)
			}
		})
	}
}

func TestDecodeSkipsUnknownFields(t *testing.T) {
	b := wire.AppendBytes(nil, 1000, []byte("new"))
	b = wire.AppendVarint(b, 1001, 7)
	b = append(b, 0xc5, 0x3e, 1, 2, 3, 4)             // 1000, 32 bits
	b = append(b, 0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8) // 1000, 64 bits
	b = append(b, 0x0d, 1, 2, 3, 4)                   // 1, which is a string, as 32 bits
	b = wire.AppendBytes(b, 1, []byte("agent"))
	c := &wire.Command{}
	if err := wire.Decode(b, c); err != nil || c.AgentId != "agent" {
		t.Errorf("Decode = %v, agent id %q; want nil, agent", err, c.AgentId)
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewSource(3))
	for i, p := range pairs {
		m := p.standard.ProtoReflect().New()
		fill(r, m, 0)
		b, err := proto.Marshal(m.Interface())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, b)
	}
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		if i < 0 || i >= len(pairs) {
			return
		}
		m := pairs[i].ours()
		if wire.Decode(b, m) != nil {
			return
		}
		once := wire.Encode(m)
		again := pairs[i].ours()
		if err := wire.Decode(once, again); err != nil {
			t.Fatalf("Decode(Encode(m)) = %v; want nil", err)
		}
		if twice := wire.Encode(again); !bytes.Equal(once, twice) {
			t.Errorf("a second round changed the message: %x, then %x", once, twice)
		}
	})
}
