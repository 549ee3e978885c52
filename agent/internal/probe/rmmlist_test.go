package probe

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/agent/internal/wire"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/catalog/rmm"
	"github.com/osiriscare/osiris/shared/check"
)

// catalogue is the list that ships, with the marks of one system; variables are
// written out as on an English Windows.
func catalogue(t *testing.T, marks func(*trustv1.ProductSignature) *trustv1.ProductMarks) heldList {
	t.Helper()
	products, err := rmm.Products()
	if err != nil {
		t.Fatal(err)
	}
	list, err := rmm.Compile(products, 0, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	folders := strings.NewReplacer("%ProgramFiles%", `C:\Program Files`, "%ProgramFiles(x86)%", `C:\Program Files (x86)`,
		"%ProgramData%", `C:\ProgramData`, "%SystemRoot%", `C:\Windows`)
	var held heldList
	for _, p := range list.GetProducts() {
		m := marks(p)
		kinds := wire.ProductMarks{
			wire.MarkService: m.GetServices(), wire.MarkTitle: m.GetTitles(), wire.MarkProcess: m.GetProcesses(),
			wire.MarkPath: m.GetPaths(), wire.MarkPackage: m.GetPackages(), wire.MarkKey: m.GetKeys(),
		}
		for _, kind := range kinds {
			for i := range kind {
				kind[i] = folders.Replace(kind[i])
			}
		}
		held.products = append(held.products, signature.Product{ID: p.GetId(), Name: p.GetName(), BundledBy: p.GetBundledBy(), Marks: kinds})
	}
	return held
}

// found are the ids with their instances.
func found(t *testing.T, list heldList, on software) []string {
	t.Helper()
	facts, err := detect(t.Context(), list, on)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range facts {
		if f.Name != check.FactProduct {
			continue
		}
		var id string
		for part := range strings.SplitSeq(f.Value, ";") {
			if value, ok := strings.CutPrefix(part, "id="); ok {
				id = value
			}
			if value, ok := strings.CutPrefix(part, "instance="); ok {
				id += ":" + value
			}
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func TestTheCatalogueFindsWhatWindowsShows(t *testing.T) {
	list := catalogue(t, (*trustv1.ProductSignature).GetWindows)
	for _, c := range []struct {
		name string
		on   fakeSoftware
		want []string
	}{
		{"a plain Windows", fakeSoftware{
			services: []entry{
				aService("Spooler"), aService("TermService"), aService("RemoteAccess"), aTitle("RemoteAccess", "Routing and Remote Access"),
				aService("RemoteRegistry"), aTitle("SessionEnv", "Remote Desktop Configuration"), aService("WinRM"), aService("UserManager"),
				aTitle("WpnUserService", "Windows Push Notifications User Service"), aService("DeviceAssociationService"), aService("AppMgmt"),
			},
			programs: []entry{
				aProgram(`C:\Windows\System32\svchost.exe`), aProgram(`C:\Windows\explorer.exe`), aProgram(`C:\Windows\System32\mstsc.exe`),
				aProgram(`C:\Program Files\Vendor\agent.exe`), aProgram(`C:\Games\level.exe`), aProgram(`C:\Tools\gui.exe`), aProgram(`D:\x\service.exe`),
			},
			packages: []entry{{kind: wire.MarkPackage, text: "Microsoft Edge"}, {kind: wire.MarkPackage, text: "Team Chat"}, {kind: wire.MarkPackage, text: "LogMeOut"}},
		}, nil},
		{"ScreenConnect's name carries its instance", fakeSoftware{services: []entry{aService("ScreenConnect Client (5b8f0b1c2d3e4f5a)")}}, []string{"screenconnect:5b8f0b1c2d3e4f5a"}},
		{"the name alone never was a service", fakeSoftware{services: []entry{aService("ScreenConnect Client")}}, nil},
		{"Kaseya's names carry an id", fakeSoftware{services: []entry{aService("KaseyaAgent123456789"), aTitle("x", "Kaseya Agent Endpoint")}}, []string{"kaseya-vsa"}},
		{"a custom AnyDesk beside the plain one", fakeSoftware{services: []entry{aService("AnyDesk"), aService("AnyDesk-ad4fe2b1")}}, []string{"anydesk", "anydesk:ad4fe2b1"}},
		{"a portable AnyDesk runs without a service", fakeSoftware{programs: []entry{aProgram(`C:\Users\pat\Downloads\AnyDesk.exe`)}}, []string{"anydesk"}},
		{"Datto's gui.exe counts in its folder", fakeSoftware{programs: []entry{aProgram(`C:\Program Files (x86)\CentraStage\gui.exe`)}}, []string{"datto-rmm"}},
		{"N-central's agent.exe counts in its folder", fakeSoftware{programs: []entry{aProgram(`C:\Program Files (x86)\N-able Technologies\Windows Agent\bin\agent.exe`)}}, []string{"n-central"}},
		{"Level's level.exe counts in its folder", fakeSoftware{programs: []entry{aProgram(`C:\Program Files\Level\level.exe`)}}, []string{"level"}},
		{"N-sight names its parts by version", fakeSoftware{programs: []entry{aProgram(`C:\x\Agent_10_9_RW.exe`)}}, []string{"n-sight"}},
		{"Atera brings Splashtop along", fakeSoftware{services: []entry{aService("AteraAgent"), aService("SplashtopRemoteService")}}, []string{"atera", "splashtop"}},
		{"Tactical brings the Mesh agent along", fakeSoftware{services: []entry{aService("tacticalrmm"), aService("Mesh Agent")}}, []string{"mesh-agent", "tactical-rmm"}},
		{"Take Control's services have many names", fakeSoftware{services: []entry{aService("BASupportExpressSrvcUpdater_N_Central")}}, []string{"take-control"}},
		{"GoTo Resolve's name carries an id", fakeSoftware{services: []entry{aService("GoToResolve_1234567890")}}, []string{"goto-resolve"}},
		{"keys and folders alone are found, too", fakeSoftware{files: []string{`HKLM\SOFTWARE\LabTech\Service`, `C:\ProgramData\NinjaRMMAgent`}}, []string{"connectwise-automate", "ninjaone"}},
		{"both program folders count", fakeSoftware{files: []string{`C:\Program Files\TeamViewer`, `C:\Program Files (x86)\RustDesk`}}, []string{"teamviewer"}},
		{"every instance of two tools", fakeSoftware{
			services: []entry{aService("Syncro"), aService("SyncroLive"), aService("CagService"), aService("A1Agent"), aService("LTService"), aService("SAAZappr")},
		}, []string{"action1", "connectwise-automate", "connectwise-rmm", "datto-rmm", "syncro"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, found(t, list, &c.on)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheCatalogueFindsWhatUnixShows(t *testing.T) {
	mac := catalogue(t, (*trustv1.ProductSignature).GetDarwin)
	linux := catalogue(t, (*trustv1.ProductSignature).GetLinux)
	for _, c := range []struct {
		name string
		list heldList
		on   fakeSoftware
		want []string
	}{
		{"a plain Mac", mac, fakeSoftware{
			packages: []entry{{kind: wire.MarkPackage, text: "Safari"}, {kind: wire.MarkPackage, text: "Screen Sharing"}},
			programs: []entry{aProgram("/sbin/launchd"), aProgram("/usr/libexec/teamserver"), aProgram("/usr/local/bin/levelheaded")},
		}, nil},
		{"TeamViewer on a Mac", mac, fakeSoftware{
			packages: []entry{{kind: wire.MarkPackage, text: "TeamViewer", path: "/Applications/TeamViewer.app"}},
			services: []entry{aService("com.teamviewer.service")},
		}, []string{"teamviewer"}},
		{"ScreenConnect on a Mac", mac, fakeSoftware{files: []string{"/opt/connectwisecontrol-5b8f0b1c.app"}}, []string{"screenconnect:5b8f0b1c"}},
		{"the Mesh agent on a Mac", mac, fakeSoftware{programs: []entry{aProgram("/usr/local/mesh_services/meshagent/meshagent")}}, []string{"mesh-agent"}},
		{"a plain Linux", linux, fakeSoftware{
			services: []entry{aService("ssh"), aService("systemd-logind"), aService("remote-fs"), aService("getty@")},
			programs: []entry{aProgram("/usr/sbin/sshd"), aProgram("/usr/bin/agent"), aProgram("/usr/lib/systemd/systemd")},
		}, nil},
		{"TeamViewer on Linux", linux, fakeSoftware{services: []entry{aService("teamviewerd")}}, []string{"teamviewer"}},
		{"AnyDesk on Linux", linux, fakeSoftware{packages: []entry{{kind: wire.MarkPackage, text: "anydesk", version: "6.3.2"}}}, []string{"anydesk"}},
		{"ScreenConnect on Linux", linux, fakeSoftware{services: []entry{aService("connectwisecontrol-5b8f0b1c")}}, []string{"screenconnect:5b8f0b1c"}},
		{"a deleted Nezha that runs", linux, fakeSoftware{programs: []entry{aProgram("/opt/nezha/agent/nezha-agent")}}, []string{"nezha"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, found(t, c.list, &c.on)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryMarkOfTheCatalogueFindsItsProduct shows each pattern something that
// fits it: no product may hide another's.
func TestEveryMarkOfTheCatalogueFindsItsProduct(t *testing.T) {
	fit := strings.NewReplacer("*", "Zz9", "{id}", "0a1b")
	for system, list := range map[string]heldList{
		"windows": catalogue(t, (*trustv1.ProductSignature).GetWindows),
		"macos":   catalogue(t, (*trustv1.ProductSignature).GetDarwin),
		"linux":   catalogue(t, (*trustv1.ProductSignature).GetLinux),
	} {
		for _, p := range list.products {
			for kind, patterns := range p.Marks {
				for _, pattern := range patterns {
					text := fit.Replace(pattern)
					on := &fakeSoftware{}
					switch kind {
					case wire.MarkPath, wire.MarkKey:
						on.files = []string{text}
					default:
						on.services = []entry{{kind: kind, text: text}}
					}
					got := found(t, list, on)
					want := p.ID
					if strings.Contains(pattern, "{id}") {
						want += ":0a1b"
					}
					if len(got) != 1 || got[0] != want {
						t.Errorf("%s: %q finds %v; want %s alone", system, text, got, want)
					}
				}
			}
		}
	}
}

func BenchmarkDetect(b *testing.B) {
	products, err := rmm.Products()
	if err != nil {
		b.Fatal(err)
	}
	list, err := rmm.Compile(products, 0, time.Now(), time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	var held heldList
	for _, p := range list.GetProducts() {
		held.products = append(held.products, signature.Product{ID: p.GetId(), Name: p.GetName(), Marks: wire.ProductMarks{
			wire.MarkService: p.GetWindows().GetServices(), wire.MarkProcess: p.GetWindows().GetProcesses(), wire.MarkPackage: p.GetWindows().GetPackages(),
		}})
	}
	on := &fakeSoftware{}
	for i := range 700 { // as a Windows 11 has
		name := strings.Repeat("s", 5+i%20)
		on.services = append(on.services, aService(name))
		on.programs = append(on.programs, aProgram(`C:\Windows\System32\`+name+".exe"))
	}
	for b.Loop() {
		if _, err := detect(b.Context(), held, on); err != nil {
			b.Fatal(err)
		}
	}
}
