package probe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/agent/internal/wire"
	"github.com/osiriscare/osiris/shared/check"
)

func TestLinuxShowsUnitsPackagesProgramsAndPaths(t *testing.T) {
	root := plant(t,
		"etc/systemd/system/fakermm.service", "usr/lib/systemd/system/other.service",
		"sys/fs/cgroup/system.slice/fakermm.service/cgroup.procs", "opt/fakermm/agent",
		"proc/1/cmdline", "proc/17/status", "proc/uptime", "proc/99/cmdline",
	)
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/opt/fakermm/agent (deleted)", filepath.Join(root, "proc/17/exe")); err != nil {
		t.Fatal(err)
	}
	write("proc/99/cmdline", "/usr/bin/hidden\x00--flag\x00")
	if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg"), 0o755); err != nil {
		t.Fatal(err)
	}
	write("var/lib/dpkg/status", "Package: fakermm\nStatus: install ok installed\nVersion: 2.4.1-1\n\nPackage: gonermm\nStatus: deinstall ok config-files\nVersion: 1\n")
	p := New(root)
	p.Signatures = heldList{products: []signature.Product{
		{ID: "fake", Name: "Fake RMM", Marks: wire.ProductMarks{
			wire.MarkService: {"fakermm"}, wire.MarkProcess: {"/opt/fakermm/agent"},
			wire.MarkPath: {"/opt/fakermm"}, wire.MarkPackage: {"fakermm"},
		}},
		{ID: "gone", Name: "Gone", Marks: wire.ProductMarks{wire.MarkPackage: {"gonermm"}}},
		{ID: "other", Name: "Other", Marks: wire.ProductMarks{wire.MarkService: {"other"}}},
		{ID: "hidden", Name: "Hidden", Marks: wire.ProductMarks{wire.MarkProcess: {"hidden"}}},
	}}
	want := check.Facts{
		{Name: "list_version", Value: "7"},
		{Name: "product", Value: "id=fake;name=Fake RMM;version=2.4.1-1;running=yes;installed=yes;service_name=fakermm;install_path=/opt/fakermm;" +
			"evidence=service fakermm, package fakermm, process /opt/fakermm/agent, path /opt/fakermm"},
		{Name: "product", Value: "id=other;name=Other;running=no;installed=yes;service_name=other;evidence=service other"},
		{Name: "product", Value: "id=hidden;name=Hidden;running=yes;installed=yes;evidence=process /usr/bin/hidden"},
	}
	if diff := cmp.Diff(want, p.Read(t.Context(), check.RMMDetection)); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
}

func TestThisLinuxCanBeLookedAt(t *testing.T) {
	p := New("/")
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.Signatures = heldList{products: []signature.Product{
		{ID: "us", Name: "This test", Marks: wire.ProductMarks{wire.MarkProcess: {own}}},
	}}
	facts := p.Read(t.Context(), check.RMMDetection)
	if v := check.Judge(check.RMMDetection, facts, nil); v.Status != check.Pass || v.Actual != "This test (running, unexpected)" {
		t.Errorf("Judge = %v %q %q; want this test to be found running", v.Status, v.Actual, v.Reason)
	}
}

func TestParseDpkg(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []entry
	}{
		{"nothing", "", nil},
		{"an installed package", "Package: a\nStatus: install ok installed\nVersion: 1:2.0\nDescription: x\n more\n\n", []entry{{kind: wire.MarkPackage, text: "a", version: "1:2.0"}}},
		{"the last has no empty line", "Package: a\nStatus: hold ok installed\nVersion: 1", []entry{{kind: wire.MarkPackage, text: "a", version: "1"}}},
		{"half installed is not installed", "Package: a\nStatus: install reinstreq half-installed\nVersion: 1\n\n", nil},
		{"one without a version is not unpacked", "Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: install ok installed\nVersion: 2\n\n", []entry{{kind: wire.MarkPackage, text: "b", version: "2"}}},
		{"a version does not go on to the next", "Package: a\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: b\nStatus: install ok installed\n\n", nil},
		{"a long line is read over", "Package: a\nStatus: install ok installed\nDescription: " + strings.Repeat("x", 100000) + "\nVersion: 1\n\n", []entry{{kind: wire.MarkPackage, text: "a", version: "1"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseDpkg(nil, strings.NewReader(c.text))
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(entry{})); diff != "" || err != nil {
				t.Errorf("parseDpkg: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzParseDpkg(f *testing.F) {
	f.Add("Package: a\nStatus: install ok installed\nVersion: 1\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseDpkg(nil, strings.NewReader(text))
		if err != nil && len(text) < dpkgLine {
			t.Fatal(err)
		}
		for _, e := range got {
			if e.text == "" || !strings.Contains(text, e.text) {
				t.Errorf("package %q", e.text)
			}
		}
	})
}
