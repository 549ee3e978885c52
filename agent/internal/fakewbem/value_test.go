package fakewbem_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/fakewbem"
)

func TestAPropertyTravelsAsWMIHasIt(t *testing.T) {
	for _, c := range []struct {
		name, cimType, text string
		want                fakewbem.Value
	}{
		{"text", "string", "Passive Mode", fakewbem.Value{Kind: fakewbem.BSTR, CIM: fakewbem.String, Data: "Passive Mode"}},
		{"true is all bits", "boolean", "true", fakewbem.Value{Kind: fakewbem.Bool, CIM: fakewbem.Boolean, Data: uint64(0xffff)}},
		{"false", "boolean", "false", fakewbem.Value{Kind: fakewbem.Bool, CIM: fakewbem.Boolean, Data: uint64(0)}},
		{"a byte", "uint8", "200", fakewbem.Value{Kind: fakewbem.UI1, CIM: fakewbem.Uint8, Data: uint64(200)}},
		{"16 bits without a sign in 32 with one", "uint16", "65535", fakewbem.Value{Kind: fakewbem.I4, CIM: fakewbem.Uint16, Data: uint64(65535)}},
		{"32 bits without a sign in 32 with one", "uint32", "4294967295", fakewbem.Value{Kind: fakewbem.I4, CIM: fakewbem.Uint32, Data: uint64(4294967295)}},
		{"8 bits with a sign in 16", "sint8", "-1", fakewbem.Value{Kind: fakewbem.I2, CIM: fakewbem.Sint8, Data: uint64(0xffff)}},
		{"a negative number", "sint32", "-5", fakewbem.Value{Kind: fakewbem.I4, CIM: fakewbem.Sint32, Data: uint64(0xfffffffb)}},
		{"64 bits as text", "uint64", "18446744073709551615", fakewbem.Value{Kind: fakewbem.BSTR, CIM: fakewbem.Uint64, Data: "18446744073709551615"}},
		{"a time with an offset", "datetime", "2026-11-22T23:30:00Z", fakewbem.Value{Kind: fakewbem.BSTR, CIM: fakewbem.Date, Data: "20261123003000.000000+060"}},
		{"what is no time", "datetime", "2026**********.******+***", fakewbem.Value{Kind: fakewbem.BSTR, CIM: fakewbem.Date, Data: "2026**********.******+***"}},
	} {
		got, err := fakewbem.NewValue(c.cimType, c.text)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: NewValue(%s, %q): %v (-want +got):\n%s", c.name, c.cimType, c.text, err, diff)
		}
	}
}

func TestWhatNoPropertyCanHoldIsRefused(t *testing.T) {
	for _, c := range [][2]string{
		{"uint16", "65536"},
		{"uint8", "-1"},
		{"sint16", "32768"},
		{"boolean", "maybe"},
		{"uint32", ""},
		{"real64", "1.5"},
		{"object", "x"},
	} {
		if v, err := fakewbem.NewValue(c[0], c[1]); err == nil {
			t.Errorf("NewValue(%s, %q) = %+v; want an error", c[0], c[1], v)
		}
	}
}

func TestAPropertyWithoutAValueKeepsItsType(t *testing.T) {
	if v := fakewbem.NoValue("uint32"); v.Kind != fakewbem.Null || v.CIM != fakewbem.Uint32 || v.Data != nil {
		t.Errorf("NoValue(uint32) = %+v", v)
	}
}
