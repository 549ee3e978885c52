package runbook_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// fakeServices is systemctl over a folder for each service, which has the files
// active and enabled, or broken.
const fakeServices = `verb=$1
for unit; do :; done
name=${unit%.service}
folder=@@/units/$name
case $verb in
show) [ -d "$folder" ] && printf 'Id=%s\nLoadState=loaded\n' "$unit"; exit 0 ;;
is-active) [ -e "$folder/active" ] ; exit ;;
is-enabled) [ -e "$folder/enabled" ] ; exit ;;
esac
echo "$*" >>@@/calls
[ -d "$folder" ] || exit 5
case $verb in
start | restart) [ ! -e "$folder/broken" ] && : >"$folder/active" ;;
reload) [ ! -e "$folder/broken" ] ;;
stop) rm -f "$folder/active" ;;
enable) : >"$folder/enabled" ;;
disable) rm -f "$folder/enabled" ;;
esac
`

// newHost is a machine with services, time that does not pass, and the programs
// that scripts need beside those of newMachine.
func newHost(t *testing.T, services ...string) *machine {
	t.Helper()
	m := newMachine(t)
	for _, name := range []string{"tail", "sort", "mkdir", "rmdir", "readlink", "find", "date"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		m.program(t, name, "exec "+path+` "$@"`+"\n")
	}
	m.program(t, "sleep", "exit 0\n")
	m.program(t, "systemctl", fakeServices)
	m.folder(t, "units", "var/log", "proc/net", "proc/1")
	for _, service := range services {
		name, state, _ := strings.Cut(service, " ")
		m.folder(t, "units/"+name)
		for word := range strings.FieldsSeq(state) {
			m.write(t, "units/"+name+"/"+word, "")
		}
	}
	return m
}

func (m *machine) folder(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(m.root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *machine) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(m.root, name)); err != nil {
		t.Fatal(err)
	}
}

// service tells the state of one as newHost takes it.
func (m *machine) service(name string) string {
	state := name
	for _, word := range []string{"active", "enabled"} {
		if _, err := os.Stat(filepath.Join(m.root, "units", name, word)); err == nil {
			state += " " + word
		}
	}
	return state
}

// tree is every file below folders with its text, for comparing before and after.
func (m *machine) tree(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, folder := range folders {
		err := filepath.Walk(filepath.Join(m.root, folder), func(path string, info os.FileInfo, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || info.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			files[strings.TrimPrefix(path, m.root)] = string(content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// repair takes a host through a runbook: broken, found, mended, verified, mended
// again without a change, put back.
type repair struct {
	runbook    string
	check      check.ID
	parameters map[string]string
	policy     check.Parameters
	// kept are folders that rollback leaves as they were.
	kept []string
	// again is what a second remediate changes: nothing, but for those that cannot tell.
	again bool
}

func (r repair) through(t *testing.T, m *machine) {
	t.Helper()
	before := m.tree(t, r.kept...)
	if v := m.judge(t, r.check, r.policy); v.Status != check.Fail {
		t.Fatalf("detect: %v %s %s; want a failure", v.Status, v.Actual, v.Reason)
	}
	snapshot := m.phase(t, r.runbook, "snapshot", r.parameters, nil)
	if !snapshot.OK {
		t.Fatalf("snapshot: %+v", snapshot)
	}
	if diff := cmp.Diff(before, m.tree(t, r.kept...)); diff != "" {
		t.Fatalf("the snapshot changed something:\n%s", diff)
	}
	for i := range 2 {
		if o := m.phase(t, r.runbook, "remediate", r.parameters, nil); !o.OK || o.Changed != (i == 0 || r.again) {
			t.Fatalf("remediate, time %d: %+v", i+1, o)
		}
	}
	if v := m.judge(t, r.check, r.policy); v.Status != check.Pass {
		t.Errorf("verify: %v %s %s; want a pass", v.Status, v.Actual, v.Reason)
	}
	if o := m.phase(t, r.runbook, "rollback", r.parameters, snapshot.State); !o.OK || !o.Changed {
		t.Fatalf("rollback: %+v", o)
	}
	if diff := cmp.Diff(before, m.tree(t, r.kept...)); diff != "" {
		t.Errorf("after rollback the host differs (-before +after):\n%s", diff)
	}
	for _, alien := range []string{`""`, `"x"`, `"present"`} {
		if o := m.phase(t, r.runbook, "rollback", r.parameters, json.RawMessage(alien)); o.OK {
			t.Errorf("rollback of the snapshot %s: %+v; want it refused", alien, o)
		}
	}
}

// refused is where remediate says why not, and leaves everything as it is.
func (r repair) refused(t *testing.T, m *machine, says string) {
	t.Helper()
	before := m.tree(t, r.kept...)
	o := m.phase(t, r.runbook, "remediate", r.parameters, nil)
	if o.OK || !strings.Contains(o.Error, says) {
		t.Errorf("remediate: %+v; want an error saying %q", o, says)
	}
	if diff := cmp.Diff(before, m.tree(t, r.kept...)); diff != "" {
		t.Errorf("it left a change:\n%s", diff)
	}
}

func (m *machine) phase(t *testing.T, id, kind string, parameters map[string]string, state json.RawMessage) runbook.Outcome {
	t.Helper()
	r, err := load(t).Get(id)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{}
	for name, value := range parameters {
		if _, own := r.Parameters[name]; own {
			given[name] = value
		}
	}
	policy := func(check.ID) check.Parameters {
		return func(name string) (string, bool) { value, ok := parameters[name]; return value, ok }
	}
	if given, err = r.ForScripts(r.Roads.SSH, given, policy); err != nil {
		t.Fatal(err)
	}
	return m.run(t, "linux/"+id+"."+kind+".sh", given, state)
}

func (m *machine) unknown(t *testing.T, id check.ID, says string) {
	t.Helper()
	if v := m.judge(t, id, nil); v.Status != check.Unknown || !strings.Contains(v.Reason, says) {
		t.Errorf("Judge(%s) = %v %s; want unknown saying %q", id, v.Status, v.Reason, says)
	}
}

func lookup(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
