package wire_test

import (
	"bytes"
	"math/rand"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/osiriscare/osiris/agent/internal/wire"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/proto/compliance/v1/compliancelite"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
)

// pairs are every message the agent encodes or decodes, in both runtimes.
var pairs = []struct {
	standard proto.Message
	lite     any
}{
	{&compliancev1.AgentMessage{}, &compliancelite.AgentMessage{}},
	{&compliancev1.ApplianceMessage{}, &compliancelite.ApplianceMessage{}},
	{&compliancev1.RegisterRequest{}, &compliancelite.RegisterRequest{}},
	{&compliancev1.RegisterResponse{}, &compliancelite.RegisterResponse{}},
	{&compliancev1.RenewRequest{}, &compliancelite.RenewRequest{}},
	{&compliancev1.RenewResponse{}, &compliancelite.RenewResponse{}},
	{&compliancev1.CommandResult{}, &compliancelite.CommandResult{}},
	{&compliancev1.Verdict{}, &compliancelite.Verdict{}},
	{&compliancev1.StateReport{}, &compliancelite.StateReport{}},
	{&compliancev1.Hello{}, &compliancelite.Hello{}},
	{&compliancev1.Welcome{}, &compliancelite.Welcome{}},
	{&trustv1.TrustChain{}, &trustlite.TrustChain{}},
	{&trustv1.Delegation{}, &trustlite.Delegation{}},
	{&trustv1.TrustDoc{}, &trustlite.TrustDoc{}},
	{&trustv1.Policy{}, &trustlite.Policy{}},
	{&trustv1.Command{}, &trustlite.Command{}},
	{&trustv1.SignedEnvelope{}, &trustlite.SignedEnvelope{}},
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
				if name == "AgentMessage" {
					roundTripUp(t, encoded, want.Interface())
					continue
				}
				lite := reflect.New(reflect.TypeOf(p.lite).Elem()).Interface()
				if err := wire.Unmarshal(encoded, lite); err != nil {
					t.Fatalf("Unmarshal(%s) = %v; want nil", name, err)
				}
				got := p.standard.ProtoReflect().New().Interface()
				if err := proto.Unmarshal(wire.Marshal(lite), got); err != nil {
					t.Fatalf("the standard runtime refuses Marshal(%s): %v", name, err)
				}
				if diff := cmp.Diff(want.Interface(), got, protocmp.Transform()); diff != "" {
					t.Fatalf("%s changed on its way (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// roundTripUp checks a message that the agent only encodes: it is decoded by the
// generated lite methods first.
func roundTripUp(t *testing.T, encoded []byte, want proto.Message) {
	t.Helper()
	lite := &compliancelite.AgentMessage{}
	if err := lite.UnmarshalVT(encoded); err != nil {
		t.Fatal(err)
	}
	got := &compliancev1.AgentMessage{}
	if err := proto.Unmarshal(wire.Marshal(lite), got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Fatalf("AgentMessage changed on its way (-want +got):\n%s", diff)
	}
}

func TestMarshalGivesTheBytesOfTheGeneratedCode(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range 200 {
		want := (&compliancev1.CommandResult{}).ProtoReflect()
		fill(r, want, 0)
		encoded, err := proto.Marshal(want.Interface())
		if err != nil {
			t.Fatal(err)
		}
		lite := &compliancelite.CommandResult{}
		if err := lite.UnmarshalVT(encoded); err != nil {
			t.Fatal(err)
		}
		generated, err := lite.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		if got := wire.Marshal(lite); !bytes.Equal(got, generated) {
			t.Fatalf("Marshal = %x; want %x", got, generated)
		}
	}
}

func TestUnmarshalRefusesMalformedBytes(t *testing.T) {
	for name, b := range map[string][]byte{
		"a tag that does not end":               {0x80},
		"field number zero":                     {0x00, 0x00},
		"a group":                               {0x0b},
		"bytes past the end":                    {0x0a, 0x05, 'x'},
		"a length that overflows":               {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"a varint where bytes belong":           {0x08, 0x01},
		"bytes where a varint belongs":          {0x52, 0x00},
		"a varint that does not end":            {0x10, 0xff},
		"a fixed field that is cut off":         {0xfd, 0x7f, 0x00},
		"a message that is malformed in itself": {0x42, 0x01, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			if err := wire.Unmarshal(b, &trustlite.Command{}); err == nil && name != "a message that is malformed in itself" {
				t.Errorf("Unmarshal(%x) = nil; want an error", b)
			}
			if err := wire.Unmarshal(b, &compliancelite.Hello{}); err == nil && name == "a message that is malformed in itself" {
				t.Errorf("Unmarshal(%x) = nil; want an error", b)
			}
		})
	}
}

func TestUnmarshalSkipsUnknownFields(t *testing.T) {
	b := wire.AppendBytes(nil, 1000, []byte("new"))
	b = wire.AppendVarint(b, 1001, 7)
	b = append(b, 0xc5, 0x3e, 1, 2, 3, 4)             // 1000, 32 bits
	b = append(b, 0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8) // 1000, 64 bits
	b = wire.AppendBytes(b, 1, []byte("agent"))
	c := &trustlite.Command{}
	if err := wire.Unmarshal(b, c); err != nil || c.AgentId != "agent" {
		t.Errorf("Unmarshal = %v, agent id %q; want nil, agent", err, c.AgentId)
	}
}

func FuzzUnmarshal(f *testing.F) {
	r := rand.New(rand.NewSource(3))
	for _, p := range pairs {
		m := p.standard.ProtoReflect().New()
		fill(r, m, 0)
		b, err := proto.Marshal(m.Interface())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &compliancelite.ApplianceMessage{}
		if wire.Unmarshal(b, m) != nil {
			return
		}
		again := &compliancelite.ApplianceMessage{}
		if err := wire.Unmarshal(wire.Marshal(m), again); err != nil {
			t.Errorf("Unmarshal(Marshal(m)) = %v; want nil", err)
		}
		// Oneofs hold unexported types; comparing encodings compares all.
		if !bytes.Equal(wire.Marshal(again), wire.Marshal(m)) {
			t.Error("a second round changed the message")
		}
	})
}
