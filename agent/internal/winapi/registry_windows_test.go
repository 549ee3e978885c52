package winapi

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

const testKey = `HKLM\SOFTWARE\Osiris winapi test`

// setRaw writes what the setters do not: any kind, any bytes.
func setRaw(t *testing.T, name string, kind uint32, data []byte) {
	t.Helper()
	buffer := append(data, 0) // so that there is a first byte
	if err := regSet(testKey, name, kind, unsafe.Pointer(&buffer[0]), len(data)); err != nil {
		t.Fatal(err)
	}
}

func wideBytes(t *testing.T, text string) []byte {
	t.Helper()
	var out []byte
	for _, u := range wideUnits(text) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func TestValuesOfEveryKindAreReadBack(t *testing.T) {
	needWine(t)
	long := strings.Repeat("long ", 2000)
	for _, c := range []struct {
		name string
		kind uint32
		data []byte
		want string
	}{
		{"string", RegString, wideBytes(t, "Arztpraxis Müller\x00"), "Arztpraxis Müller"},
		{"string without its terminator", RegString, wideBytes(t, "plain"), "plain"},
		{"string longer than the first buffer", RegString, wideBytes(t, long+"\x00"), long},
		{"variables stay", RegExpand, wideBytes(t, "%SystemRoot%\\x\x00"), `%SystemRoot%\x`},
		{"list", RegMulti, wideBytes(t, "a\x00b\x00\x00"), "a\nb"},
		{"list with an empty string inside", RegMulti, wideBytes(t, "\\??\\C:\\old\x00\x00\\??\\C:\\x\x00!\\??\\C:\\y\x00\x00"), "\\??\\C:\\old\n\n\\??\\C:\\x\n!\\??\\C:\\y"},
		{"empty list", RegMulti, nil, ""},
		{"number", RegDWORD, []byte{0xff, 0xff, 0xff, 0xff}, "4294967295"},
		{"long number", RegQWORD, []byte{0, 0, 0, 0, 0, 0, 0, 0x80}, "9223372036854775808"},
		{"number that is too short", RegDWORD, []byte{1, 2}, "0102"},
		{"bytes", RegBinary, []byte{0xde, 0xad}, "dead"},
		{"no bytes", RegBinary, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			setRaw(t, c.name, c.kind, c.data)
			got, err := RegRead(testKey, c.name)
			if want := (Value{Kind: c.kind, Text: c.want}); err != nil || got != want {
				t.Errorf("RegRead = %v, %v; want %v", got, err, want)
			}
			if err := RegDelete(testKey, c.name); err != nil {
				t.Errorf("RegDelete: %v", err)
			}
			if got, err := RegRead(testKey, c.name); !errors.Is(err, ErrNotExist) {
				t.Errorf("RegRead after RegDelete = %v, %v; want ErrNotExist", got, err)
			}
		})
	}
}

func TestSettingMakesTheKeyAndReadingFindsIt(t *testing.T) {
	needWine(t)
	key := testKey + `\Made\Below`
	if err := RegSetDWORD(key, "Number", 4294967295); err != nil {
		t.Fatal(err)
	}
	if err := RegSetString(key, "Text", "900"); err != nil {
		t.Fatal(err)
	}
	number, err := RegRead(key, "Number")
	if err != nil || number != (Value{RegDWORD, "4294967295"}) {
		t.Errorf("RegRead(Number) = %v, %v; want what was set", number, err)
	}
	text, err := RegRead(key, "Text")
	if err != nil || text != (Value{RegString, "900"}) {
		t.Errorf("RegRead(Text) = %v, %v; want what was set", text, err)
	}
	names, err := RegKeys(testKey)
	if err != nil || !slices.Contains(names, "Made") {
		t.Errorf("RegKeys = %q, %v; want Made among them", names, err)
	}
	if names, err := RegKeys(key); err != nil || len(names) != 0 {
		t.Errorf("RegKeys of a key without any = %q, %v; want none", names, err)
	}
	if there, err := RegExists(key); err != nil || !there {
		t.Errorf("RegExists = %t, %v; want true", there, err)
	}
}

func TestWhatIsNotThereIsErrNotExist(t *testing.T) {
	const none = `HKLM\SOFTWARE\Osiris has no such key`
	if _, err := RegRead(none, "x"); !errors.Is(err, ErrNotExist) {
		t.Errorf("RegRead of an absent key = %v; want ErrNotExist", err)
	}
	if _, err := RegRead(`HKLM\SOFTWARE`, "no such value"); !errors.Is(err, ErrNotExist) {
		t.Errorf("RegRead of an absent value = %v; want ErrNotExist", err)
	}
	if _, err := RegKeys(none); !errors.Is(err, ErrNotExist) {
		t.Errorf("RegKeys = %v; want ErrNotExist", err)
	}
	if there, err := RegExists(none); err != nil || there {
		t.Errorf("RegExists = %t, %v; want false and no error", there, err)
	}
	if err := RegDelete(none, "x"); err != nil {
		t.Errorf("RegDelete of an absent key = %v; want nil", err)
	}
	for _, key := range []string{`HKCU\Software`, `SOFTWARE`, ``, `hklm\SOFTWARE`} {
		if _, err := RegRead(key, "x"); err == nil || errors.Is(err, ErrNotExist) {
			t.Errorf("RegRead(%q) = %v; want an error that does not say absent, the key is nonsense", key, err)
		}
	}
}

func TestTheKeyOfAnotherUserIsListed(t *testing.T) {
	names, err := RegKeys("HKU")
	if err != nil || !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "S-1-5-") }) {
		t.Errorf("RegKeys(HKU) = %q, %v; want a user's SID among them", names, err)
	}
}

func wideUnits(text string) []uint16 {
	units, err := syscall.UTF16FromString(strings.ReplaceAll(text, "\x00", "\u0001"))
	if err != nil {
		return nil
	}
	units = units[:len(units)-1]
	for i, u := range units {
		if u == 1 {
			units[i] = 0
		}
	}
	return units
}
