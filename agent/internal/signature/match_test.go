package signature

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/wire"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name, pattern, text, instance string
		ok                            bool
	}{
		{"a name matches itself", "TeamViewer", "TeamViewer", "", true},
		{"case does not count", "teamviewer.EXE", "TeamViewer.exe", "", true},
		{"a name matches no longer one", "TeamViewer", "TeamViewerHost", "", false},
		{"a name matches no shorter one", "TeamViewer", "Team", "", false},
		{"a star takes any end", "KaseyaAgent*", "KaseyaAgent42", "", true},
		{"a star takes nothing, too", "KaseyaAgent*", "KaseyaAgent", "", true},
		{"a star in the middle", "Agent_*_RW.exe", "agent_1_2_RW.exe", "", true},
		{"a star stays in its folder", `C:\Program Files\*.exe`, `C:\Program Files\Level\level.exe`, "", false},
		{"a star stays in its folder on Unix", "/opt/*", "/opt/a/b", "", false},
		{"two stars in two folders", `C:\AnyDesk-*\AnyDesk-*.exe`, `C:\AnyDesk-ab12\AnyDesk-ab12.exe`, "", true},
		{"an instance is given", "ScreenConnect Client ({id})", "ScreenConnect Client (0123456789abcdef)", "0123456789abcdef", true},
		{"an instance is never empty", "ScreenConnect Client ({id})", "ScreenConnect Client ()", "", false},
		{"an instance has no spaces", "ScreenConnect Client ({id})", "ScreenConnect Client (a b)", "", false},
		{"an instance may be a GUID", "connect-{id}.service", "connect-1b4e28ba-2fa1.service", "1b4e28ba-2fa1", true},
		{"an instance after a star", `*\ScreenConnect Client ({id})`, `x\screenconnect client (ab)`, "ab", true},
		{"an instance before a star", "{id}.*", "ab.exe", "ab", true},
		{"an instance gives back what follows", "{id}a", "aaa", "aa", true},
		{"other letters are themselves", "Splashtop® Remote", "splashtop® remote", "", true},
		{"an empty text matches nothing", "a", "", "", false},
		{"an open brace alone is itself", "{abc}", "{ABC}", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if instance, ok := Match(c.pattern, c.text); instance != c.instance || ok != c.ok {
				t.Errorf("Match(%q, %q) = %q, %v; want %q, %v", c.pattern, c.text, instance, ok, c.instance, c.ok)
			}
		})
	}
}

// FuzzMatch holds that a pattern within bounds ends soon, matches itself when it
// has no wildcard, and gives an instance that is part of the text.
func FuzzMatch(f *testing.F) {
	f.Add("ScreenConnect Client ({id})", "ScreenConnect Client (0123)")
	f.Add("*a*b", strings.Repeat("a", 200))
	f.Add("{id}{id}", "abcdef")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		p := Product{ID: "x", Name: "x"}
		p.Marks[0] = []string{pattern}
		if !p.valid() || len(name) > 400 {
			return
		}
		instance, ok := Match(pattern, name)
		if instance != "" && (!ok || !strings.Contains(name, instance)) {
			t.Errorf("Match(%q, %q) = %q, %v", pattern, name, instance, ok)
		}
		if !Wild(pattern) {
			if _, same := Match(pattern, pattern); !same {
				t.Errorf("%q does not match itself", pattern)
			}
		}
	})
}

// FuzzParse holds that a list is refused or within bounds, whoever signed it.
func FuzzParse(f *testing.F) {
	marks := &trustv1.ProductMarks{Services: []string{"a*"}, Paths: []string{"/opt/a"}}
	seed, err := proto.Marshal(&trustv1.SignatureList{Version: 1, Products: []*trustv1.ProductSignature{
		{Id: "a", Name: "A", BundledBy: []string{"b"}, Windows: marks, Darwin: marks, Linux: marks},
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var encoded wire.SignatureList
		if wire.Decode(payload, &encoded) != nil {
			return
		}
		list, err := parse(&encoded)
		if (list == nil) == (err == nil) {
			t.Fatalf("parse = %v, %v", list, err)
		}
		if err != nil {
			return
		}
		for i := range list.Products {
			if !list.Products[i].valid() {
				t.Errorf("product %d is out of bounds", i)
			}
		}
	})
}
