package probe

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func capture(t testing.TB, name string) *bytes.Reader {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(content)
}

func TestMountsOfLocalDisksArePicked(t *testing.T) {
	for name, want := range map[string][]string{
		"mounts_debian12.txt":  {"/", "/boot", "/boot/efi", "/srv/patient files"},
		"mounts_container.txt": {"/", "/etc/hosts"},
	} {
		got, err := parseMounts(capture(t, name))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("parseMounts(%s) = %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestSysctlLinesAreReadAsSysctlDoes(t *testing.T) {
	text := `# comment
; comment
kernel.kptr_restrict = 1
kernel/dmesg_restrict=1
-net.ipv4.tcp_syncookies =  0
   kernel.randomize_va_space	=	2   
net.ipv4.tcp_syncookies = 1
not a setting
-net.ipv4.excluded
kernel.core_pattern = |/bin/x y=z
`
	settings := map[string]setting{"kernel.kptr_restrict": {"0", "earlier"}}
	if err := parseSysctl(strings.NewReader(text), "/f", settings); err != nil {
		t.Fatal(err)
	}
	want := map[string]setting{
		"kernel.kptr_restrict": {"1", "/f"}, "kernel.dmesg_restrict": {"1", "/f"},
		"net.ipv4.tcp_syncookies": {"1", "/f"}, "kernel.randomize_va_space": {"2", "/f"},
		"kernel.core_pattern": {"|/bin/x y=z", "/f"},
	}
	if diff := cmp.Diff(want, settings, cmp.AllowUnexported(setting{})); diff != "" {
		t.Errorf("parseSysctl (-want +got):\n%s", diff)
	}
}

func TestUFWSSHDAndReleaseCapturesAreRead(t *testing.T) {
	if got, err := parseUFW(capture(t, "ufw_debian12_enabled.conf")); got != "enabled" || err != nil {
		t.Errorf("parseUFW = %q, %v; want enabled", got, err)
	}
	for text, want := range map[string]string{"ENABLED=no\n": "disabled", "ENABLED=\"yes\"\n": "enabled", "": "", "ENABLED=perhaps": "", "#ENABLED=yes": ""} {
		if got, err := parseUFW(strings.NewReader(text)); got != want || err != nil {
			t.Errorf("parseUFW(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	if got, err := parseSSHD(capture(t, "sshd_T_debian12.txt")); got != "without-password" || err != nil {
		t.Errorf("parseSSHD = %q, %v; want without-password", got, err)
	}
	if got, err := parseSSHD(strings.NewReader("permitrootloginx no\n")); err == nil {
		t.Errorf("parseSSHD without the keyword = %q, nil; want an error", got)
	}
	if got := parseOSRelease(capture(t, "os_release_debian12.txt")); got != "Debian GNU/Linux 12 (bookworm)" {
		t.Errorf("parseOSRelease = %q", got)
	}
	packages, err := parsePackages(strings.NewReader("libc6\nlinux-image-amd64\nlibc6\n\n" + strings.Repeat("x", 1000) + "\n"))
	if err != nil || !slices.Equal(packages, []string{"libc6", "linux-image-amd64"}) {
		t.Errorf("parsePackages = %q, %v", packages, err)
	}
}

// chain makes one NEWCHAIN message of a dump.
func chain(family byte, hook, policy, rules uint32, kind string) []byte {
	be := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	attr := func(kind uint16, value []byte) []byte {
		b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
		b = binary.NativeEndian.AppendUint16(b, kind)
		b = append(b, value...)
		return append(b, make([]byte, align(len(b))-len(b))...)
	}
	body := []byte{family, 0, 0, 0}
	body = append(body, attr(3, []byte("INPUT\x00"))...)
	if kind != "" {
		body = append(body, attr(attrHook|0x8000, append(attr(attrHookNum, be(hook)), attr(2, be(0))...))...)
		body = append(body, attr(attrPolicy, be(policy))...)
		body = append(body, attr(attrType, []byte(kind+"\x00"))...)
	}
	body = append(body, attr(attrUse, be(rules))...)
	return message(nftNewChain, body)
}

func message(kind uint16, body []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(nlmsgHeader+len(body)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, make([]byte, 10)...)
	return append(b, body...)
}

func TestChainsOfTheKernelAreJudged(t *testing.T) {
	done := message(nlmsgDone, make([]byte, 4))
	for _, c := range []struct {
		name    string
		chains  [][]byte
		ipv6    bool
		want    string
		unknown bool
	}{
		{"no chain at all accepts", nil, true, "accept", false},
		{"an inet chain that drops covers both", [][]byte{chain(familyInet, 1, 0, 5, "filter")}, true, "drop", false},
		{"iptables that drops covers IPv4 only", [][]byte{chain(familyIPv4, 1, 0, 5, "filter")}, true, "accept", false},
		{"which is enough without IPv6", [][]byte{chain(familyIPv4, 1, 0, 5, "filter")}, false, "drop", false},
		{"both families drop", [][]byte{chain(familyIPv4, 1, 0, 5, "filter"), chain(familyIPv6, 1, 0, 1, "filter")}, true, "drop", false},
		{"a chain that accepts without rules", [][]byte{chain(familyInet, 1, 1, 0, "filter")}, true, "accept", false},
		{"a chain that accepts with rules cannot be told", [][]byte{chain(familyInet, 1, 1, 3, "filter")}, true, "", true},
		{"forward and output do not count", [][]byte{chain(familyInet, 2, 0, 5, "filter"), chain(familyInet, 3, 0, 5, "filter")}, true, "accept", false},
		{"nat does not count", [][]byte{chain(familyInet, 1, 0, 5, "nat")}, true, "accept", false},
		{"a chain without a hook does not count", [][]byte{chain(familyInet, 1, 0, 5, "")}, true, "accept", false},
	} {
		var p inputPolicy
		for _, b := range append(c.chains, done) {
			if err := p.parseChains(b); err != nil {
				t.Fatalf("%s: parseChains = %v", c.name, err)
			}
		}
		got, err := p.verdict(c.ipv6)
		if got != c.want || c.unknown != (err != nil) || !p.done {
			t.Errorf("%s: verdict = %q, %v, done %v; want %q", c.name, got, err, p.done, c.want)
		}
	}
	var p inputPolicy
	if err := p.parseChains(message(nlmsgError, make([]byte, 4))); err == nil {
		t.Error("a refusal by the kernel is no error")
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("kernel.kptr_restrict = 1\n"))
	f.Add([]byte("/dev/sda1 / ext4 rw 0 0\n"))
	f.Add([]byte("ENABLED=yes\npermitrootlogin no\nPRETTY_NAME=\"x\"\n"))
	f.Add(append(chain(familyInet, 1, 0, 5, "filter"), message(nlmsgDone, nil)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		settings := map[string]setting{}
		_ = parseSysctl(bytes.NewReader(b), "/f", settings)
		for key, s := range settings {
			if len(s.value) > valueLimit+3 {
				t.Errorf("%q has a value of %d bytes", key, len(s.value))
			}
		}
		mounts, err := parseMounts(bytes.NewReader(b))
		if err == nil && (len(mounts) == 0 || mounts[0] != "/") {
			t.Errorf("parseMounts = %q; want / first", mounts)
		}
		if state, _ := parseUFW(bytes.NewReader(b)); state != "" && state != "enabled" && state != "disabled" {
			t.Errorf("parseUFW = %q", state)
		}
		_, _ = parseSSHD(bytes.NewReader(b))
		parseOSRelease(bytes.NewReader(b))
		if packages, _ := parsePackages(bytes.NewReader(b)); len(packages) > packageLimit {
			t.Errorf("%d packages", len(packages))
		}
		var p inputPolicy
		_ = p.parseChains(b)
	})
}
