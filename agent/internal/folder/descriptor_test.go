package folder

import (
	"encoding/binary"
	"testing"
)

// Parts of descriptors that Windows writes.
const (
	users    = "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x21\x02\x00\x00"
	everyone = "\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"
	creator  = "\x01\x01\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00"
	domain   = "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x02\x03\x04\x01\x02\x03\x04\x01\x02\x03\x04"
	pat      = domain + "\x51\x04\x00\x00" // 1105
	gina     = domain + "\x52\x04\x00\x00"

	full   = 0x1f01ff
	run    = 0x1200a9
	create = 0x116 // what Users have in %ProgramData%, inherited by folders
)

// ace is one entry of a list.
type ace struct {
	kind, flags byte
	mask        uint32
	sid         string
}

// built makes a self-relative descriptor; no list when aces is nil.
func built(owner string, aces []ace) []byte {
	b := make([]byte, 20)
	b[0] = 1
	binary.LittleEndian.PutUint32(b[ownerAt:], 20)
	b = append(b, owner...)
	binary.LittleEndian.PutUint16(b[controlAt:], 0x8000|hasList)
	if aces == nil {
		return b
	}
	binary.LittleEndian.PutUint32(b[listAt:], uint32(len(b)))
	list := []byte{2, 0, 0, 0, byte(len(aces)), 0, 0, 0}
	for _, a := range aces {
		head := []byte{a.kind, a.flags, byte(8 + len(a.sid)), 0}
		list = append(binary.LittleEndian.AppendUint32(append(list, head...), a.mask), a.sid...)
	}
	binary.LittleEndian.PutUint16(list[2:], uint16(len(list)))
	return append(b, list...)
}

func TestWhoCouldHavePutSomethingIn(t *testing.T) {
	ours := []ace{{0, 3, full, localSystem}, {0, 3, full, administrators}}
	with := func(more ...ace) []ace { return append(append([]ace{}, ours...), more...) }
	for _, c := range []struct {
		name  string
		owner string
		aces  []ace
		want  bool
	}{
		{"what we make ourselves", administrators, ours, true},
		{"a program's folder, which users may read", administrators, with(ace{0, 3, run, users}), true},
		{"a folder of %ProgramFiles%", localSystem, with(ace{0, 3, full, trustedInstaller}, ace{0, 0xb, 0x10000000, creator}), true},
		{"one that is ours and ours alone", pat, []ace{{0, 0, full, pat}}, true},
		{"an administrator's folder in %ProgramData%", administrators, with(ace{0, 0x12, create, users}), false},
		{"one that everybody may write to", administrators, with(ace{0, 3, full, everyone}), false},
		{"one that somebody may give away", administrators, with(ace{0, 0, 0x40000, gina}), false},
		{"one that somebody may delete in", administrators, with(ace{0, 0, 0x40, gina}), false},
		{"one with generic rights for somebody", administrators, with(ace{0, 0, 0x40000000, gina}), false},
		{"one that belongs to somebody", gina, ours, false},
		{"one without a list, which is open to all", administrators, nil, false},
		{"one with an empty list, which is closed to all", administrators, []ace{}, true},
		{"one that denies somebody", administrators, append([]ace{{1, 0, full, gina}}, ours...), true},
		{"one with a conditional entry", administrators, with(ace{9, 0, full, administrators}), false},
	} {
		if got := isClosed(built(c.owner, c.aces), pat); got != c.want {
			t.Errorf("%s: isClosed = %v; want %v", c.name, got, c.want)
		}
	}
}

func FuzzIsClosed(f *testing.F) {
	good := built(administrators, []ace{{0, 3, full, localSystem}, {1, 0, full, gina}, {0, 0, run, users}})
	f.Add(good)
	f.Add(built(pat, nil))
	for _, n := range []int{0, 19, 24, len(good) - 1} {
		f.Add(good[:n])
	}
	f.Fuzz(func(t *testing.T, descriptor []byte) {
		if isClosed(descriptor, pat) && !isAdmin(ownerOf(descriptor), pat) {
			t.Errorf("%x has a foreign owner and is closed", descriptor)
		}
	})
}
