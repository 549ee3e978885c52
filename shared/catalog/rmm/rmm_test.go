package rmm_test

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/catalog/rmm"
	"github.com/osiriscare/osiris/shared/signed"
)

var now = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

const life = 90 * 24 * time.Hour

func compiled(t testing.TB) *trustv1.SignatureList {
	t.Helper()
	products, err := rmm.Products()
	if err != nil {
		t.Fatal(err)
	}
	list, err := rmm.Compile(products, 0, now, life)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheCatalogueCompiles(t *testing.T) {
	list := compiled(t)
	size := proto.Size(list)
	if n := len(list.GetProducts()); n < 40 || size > 32<<10 {
		t.Errorf("%d products in %d bytes; want 40 or more in 32 KB or less", n, size)
	}
	if list.GetVersion() != uint64(now.Unix()) || list.GetExpiresMs() != now.Add(life).UnixMilli() {
		t.Errorf("version %d, expires %d", list.GetVersion(), list.GetExpiresMs())
	}
	t.Logf("%d products, %d bytes", len(list.GetProducts()), size)
}

func TestEveryProductOfTheDomainNotesIsThere(t *testing.T) {
	ids := map[string]*trustv1.ProductSignature{}
	for _, p := range compiled(t).GetProducts() {
		ids[p.GetId()] = p
	}
	for _, id := range []string{
		"connectwise-automate", "screenconnect", "connectwise-rmm", "datto-rmm", "ninjaone", "n-central", "n-sight", "take-control", "kaseya-vsa",
		"atera", "syncro", "action1", "level", "pulseway", "tactical-rmm", "mesh-agent", "teamviewer", "splashtop", "anydesk", "logmein",
		"goto-resolve", "beyondtrust", "rustdesk", "simplehelp", "endpoint-central", "itarian", "superops", "immybot",
	} {
		if ids[id] == nil {
			t.Errorf("%s is missing", id)
		}
	}
	want := []string{`%ProgramFiles%\CentraStage`, `%ProgramFiles(x86)%\CentraStage`, `%ProgramData%\CentraStage`}
	if diff := cmp.Diff(want, ids["datto-rmm"].GetWindows().GetPaths()); diff != "" {
		t.Errorf("both program folders (-want +got):\n%s", diff)
	}
}

func TestVersionsOnlyGrow(t *testing.T) {
	products, err := rmm.Products()
	if err != nil {
		t.Fatal(err)
	}
	later := uint64(now.Unix()) + 1000
	if list, err := rmm.Compile(products, later, now, life); err != nil || list.GetVersion() != later+1 {
		t.Errorf("Compile after %d = version %d, %v; want the next", later, list.GetVersion(), err)
	}
}

func TestRulesOfTheCatalogue(t *testing.T) {
	const head = "- id: tool\n  name: Tool\n  source: a test\n"
	for _, c := range []struct{ name, text, want string }{
		{"all is well", head + "  windows:\n    services: [ToolSvc, 'Tool Client ({id})']\n    processes: [tool.exe, '%Programs%\\Tool\\agent.exe']\n    keys: ['HKLM\\SOFTWARE\\Tool']\n", ""},
		{"a generic program", head + "  windows: {processes: [Agent.exe]}\n", "give its path"},
		{"a short program", head + "  windows: {processes: [rd.exe]}\n", "give its path"},
		{"a generic program of Linux", head + "  linux: {processes: [agent]}\n", "give its path"},
		{"a program of Windows without .exe", head + "  windows: {processes: [toolsvc]}\n", "ends with .exe"},
		{"an early wildcard in a service", head + "  windows: {services: ['To*']}\n", "too early"},
		{"an early instance in a package", head + "  windows: {packages: ['{id} Tool']}\n", "too early"},
		{"an early wildcard in a program", head + "  windows: {processes: ['*tool.exe']}\n", "too early"},
		{"a path of one machine", head + "  windows: {paths: ['Program Files\\Tool']}\n", "starts at a folder"},
		{"a wildcard for a product's folder", head + "  windows: {paths: ['%ProgramData%\\*\\tool']}\n", "starts at a folder"},
		{"a wildcard above the last part", head + "  linux: {paths: ['/opt/tool-*/agent']}\n", "last part only"},
		{"a wildcard in a program's folder", head + "  linux: {processes: ['/opt/tool-{id}/agent']}\n", ""},
		{"a path that climbs", head + "  linux: {paths: [/opt/../etc/tool]}\n", "starts at a folder"},
		{"a path of the root", head + "  linux: {paths: [/tool]}\n", "starts at a folder"},
		{"a relative path", head + "  macos: {paths: [Applications/Tool.app]}\n", "starts at a folder"},
		{"a key of a person", head + "  windows: {keys: ['HKCU\\Software\\Tool']}\n", "a key is"},
		{"a key of one view", head + "  windows: {keys: ['HKLM\\SOFTWARE\\WOW6432Node\\Tool']}\n", "a key is"},
		{"a key with a wildcard", head + "  windows: {keys: ['HKLM\\SOFTWARE\\Tool*']}\n", "a key is"},
		{"a key on Linux", head + "  linux: {keys: ['HKLM\\SOFTWARE\\Tool']}\n", "only Windows"},
		{"no marks", head, "nothing recognises it"},
		{"no source", "- id: tool\n  name: Tool\n  linux: {services: [tool]}\n", "source"},
		{"an id with capitals", "- id: Tool\n  name: Tool\n  source: a test\n  linux: {services: [tool]}\n", "lower case"},
		{"twice the same", head + "  linux: {services: [tool]}\n" + head + "  linux: {services: [tool]}\n", "there twice"},
		{"bundled by nothing known", head + "  bundled_by: [none]\n  linux: {services: [tool]}\n", "bundled_by"},
		{"too many wildcards", head + "  linux: {services: ['toolsvc*a*b*c']}\n", "invalid signature list"},
		{"a long name", head + "  linux: {services: [" + strings.Repeat("x", 201) + "]}\n", "invalid signature list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			products, err := rmm.Parse([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			_, err = rmm.Compile(products, 0, now, life)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Compile = %v; want %q", err, c.want)
			}
		})
	}
	if _, err := rmm.Parse([]byte("- id: tool\n  titel: Tool\n")); err == nil || !strings.Contains(err.Error(), "titel") {
		t.Errorf("Parse with an unknown key = %v; want it named", err)
	}
}

func TestASealedListOpensWithItsKeyOnly(t *testing.T) {
	key, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	other, err := signed.Generate()
	if err != nil {
		t.Fatal(err)
	}
	want := compiled(t)
	e, err := rmm.Seal(key, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rmm.Open(e, []ed25519.PublicKey{other.Public(), key.Public()})
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || err != nil {
		t.Errorf("Open: %v (-want +got):\n%s", err, diff)
	}
	if _, err := rmm.Open(e, []ed25519.PublicKey{other.Public()}); !errors.Is(err, signed.ErrKey) {
		t.Errorf("Open with another key = %v; want ErrKey", err)
	}
	if _, err := rmm.Open(e, nil); !errors.Is(err, signed.ErrKey) {
		t.Errorf("Open without a key = %v; want ErrKey", err)
	}
	e.Payload[0] ^= 1
	if _, err := rmm.Open(e, []ed25519.PublicKey{key.Public()}); !errors.Is(err, signed.ErrSignature) {
		t.Errorf("Open of a changed list = %v; want ErrSignature", err)
	}
	if _, err := rmm.Seal(key, &trustv1.SignatureList{}); !errors.Is(err, rmm.ErrInvalid) {
		t.Errorf("Seal of a list without a version = %v; want ErrInvalid", err)
	}
	foreign := key.Seal(signed.Policy, e.GetPayload())
	if _, err := rmm.Open(&trustv1.SignedEnvelope{Payload: foreign.Payload, KeyId: foreign.KeyID[:], Signature: foreign.Signature}, []ed25519.PublicKey{key.Public()}); !errors.Is(err, signed.ErrSignature) {
		t.Errorf("Open of another context = %v; want ErrSignature", err)
	}
}

// FuzzParse holds that products that are taken compile to a list within bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte("- id: tool\n  name: Tool\n  source: a test\n  windows: {services: [ToolSvc], paths: ['%Programs%\\Tool']}\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		products, err := rmm.Parse(content)
		if err != nil {
			return
		}
		list, err := rmm.Compile(products, 0, now, life)
		if err == nil && rmm.Validate(list) != nil {
			t.Errorf("a compiled list is invalid: %v", list)
		}
	})
}
