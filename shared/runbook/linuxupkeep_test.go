package runbook_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// server is a made-up machine with more folders and real programs, for the
// runbooks about how servers are kept.
type server struct{ *machine }

// serverFolders are made anew below the server's root. Scripts name them at the
// beginning of a path; awk's patterns escape their slashes.
var serverFolders = regexp.MustCompile(`(^|[^A-Za-z0-9_.}\\/*$)\]])/(etc|run|proc|lib|boot|var|usr|sys|root|dev|opt|home|tmp|\.dockerenv)\b`)

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{newMachine(t)}
	for _, folder := range []string{
		"etc/cron.d", "var/lib/apt/lists", "var/lib/apt/periodic", "var/lib/osiris/backup", "var/spool/cron/crontabs", "var/cache", "usr/bin", "usr/lib/systemd/system",
		"etc/systemd/system", "run/systemd/system", "root/.ssh", "sys/class/block", "sys/dev/block", "sys/fs", "sys/kernel", "dev", "tmp", "proc/net",
	} {
		if err := os.MkdirAll(filepath.Join(s.root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.real(t, "date", "du", "find", "head", "readlink", "sha256sum", "sort", "stat", "tail", "touch", "xargs")
	s.program(t, "sleep", "exit 0\n")
	return s
}

// real lets programs of this machine be found.
func (s *server) real(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		s.program(t, name, "exec "+path+` "$@"`+"\n")
	}
}

// gone takes a program away.
func (s *server) gone(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(s.root, "bin", name)); err != nil {
		t.Fatal(err)
	}
}

// put writes a file with its folders and mode.
func (s *server) put(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(s.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "@@", s.root)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// aged writes an empty file that is as old as that.
func (s *server) aged(t *testing.T, name string, age time.Duration) {
	t.Helper()
	path := filepath.Join(s.root, name)
	if _, err := os.Stat(path); os.IsNotExist(err) {
		s.put(t, name, "", 0o644)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// mode gives a file's permissions as in "640".
func (s *server) mode(t *testing.T, name string) os.FileMode {
	t.Helper()
	info, err := os.Stat(filepath.Join(s.root, name))
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

// run runs one text below the server's root.
func (s *server) run(t *testing.T, path string, parameters map[string]string, snapshot json.RawMessage) runbook.Outcome {
	t.Helper()
	c := load(t)
	var d *runbook.Document
	for _, text := range c.Texts().All() {
		if text.Path == path {
			var err error
			if d, err = c.Document(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if d == nil {
		t.Fatalf("the catalogue has no %s", path)
	}
	d.Parameters, d.Snapshot = parameters, snapshot
	script, err := d.Shell()
	if err != nil {
		t.Fatal(err)
	}
	var below bytes.Buffer
	data := false // parameters and the snapshot stand between the prelude and the part
	for line := range strings.Lines(string(script)) {
		data = strings.HasPrefix(line, "OSIRIS_") || data && !strings.HasPrefix(line, "osiris_part ")
		switch {
		case strings.HasPrefix(line, "PATH="):
			line = "PATH=" + s.root + "/bin\n"
		case !data:
			line = serverFolders.ReplaceAllString(line, "${1}"+s.root+"/$2")
		}
		below.WriteString(line)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-s")
	cmd.Stdin, cmd.Env = &below, s.env
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil || complaint.Len() > 0 {
		t.Fatalf("%s: %v: %s", path, err, complaint.String())
	}
	reply, err := runbook.ReadShellReply(out)
	if err != nil || len(reply.Parts) != 1 {
		t.Fatalf("%s: %v\n%s", path, err, out)
	}
	return reply.Parts[0]
}

// judge runs a check's facts script and its judge.
func (s *server) judge(t *testing.T, id check.ID, p check.Parameters) check.Verdict {
	t.Helper()
	o := s.run(t, "linux/facts/"+string(id)+".sh", nil, nil)
	if !o.OK {
		return check.Verdict{Status: check.Unknown, Reason: o.Error}
	}
	return check.Judge(id, o.Facts, p)
}

// phase runs one of a runbook's.
func (s *server) phase(t *testing.T, id, phase string, parameters map[string]string, snapshot json.RawMessage) runbook.Outcome {
	t.Helper()
	return s.run(t, "linux/"+id+"."+phase+".sh", parameters, snapshot)
}

// wants fails the test unless the verdict is this: "pass", "fail high", "unknown".
func wants(t *testing.T, v check.Verdict, want, says string) {
	t.Helper()
	got := strings.TrimSpace(v.Status.String() + " " + v.Severity)
	if got != want || !strings.Contains(v.Actual+"|"+v.Reason, says) {
		t.Errorf("the verdict is %s, %q, %q; want %s saying %q\n%v", got, v.Actual, v.Reason, want, says, v.Facts)
	}
}

// refuses fails the test unless a phase ended with this reason.
func refuses(t *testing.T, o runbook.Outcome, says string) {
	t.Helper()
	if o.OK || !strings.Contains(o.Error, says) {
		t.Errorf("the phase ended with %+v; want an error saying %q", o, says)
	}
}

// does fails the test unless a phase ended well and changed something.
func does(t *testing.T, o runbook.Outcome) {
	t.Helper()
	if !o.OK || !o.Changed {
		t.Fatalf("the phase ended with %+v; want a change", o)
	}
}

// fakeUnits is systemctl over files: units/NAME holds the properties of a unit,
// calls what it was told.
const fakeUnits = `unit=
for word; do unit=$word; done
file=@@/units/$unit
value() { sed -n "s/^$1=//p" "$file" 2>/dev/null; }
set_to() { sed "s/^$1=.*/$1=$2/" "$file" >"$file.new" && mv -f "$file.new" "$file"; }
case $1 in
start | stop | enable | disable | restart | reset-failed) echo "$*" >>@@/calls ;;
esac
case $1 in
show) shift
  state='LoadState=not-found\nActiveState=inactive\nUnitFileState=\n'
  # An instance that nobody started.
  if grep -qsx "$unit" @@/templates; then state='LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n'; fi
  { printf "$state"; cat "$file" 2>/dev/null; } |
    awk -F= -v asked="$*" '{ has[$1] = substr($0, index($0, "=") + 1) } END { count = split(asked, word, " ")
      for (i = 1; i < count; i++) if (word[i] != "-p" && word[i] in has) print word[i] "=" has[word[i]] }' ;;
is-active) [ "$(value ActiveState)" = active ] ;;
is-enabled) [ "$(value UnitFileState)" = enabled ] ;;
list-unit-files) for file in @@/units/*; do
    [ -e "$file" ] && echo "${file##*/} $(value UnitFileState) enabled"
  done; true ;;
list-units) for file in @@/units/*; do
    unit=${file##*/}
    case "$*" in *--failed*) [ "$(value ActiveState)" = failed ] || continue ;; esac
    if [ -e "$file" ]; then echo "${file##*/} loaded failed failed What it is for"; fi
  done; true ;;
start)
  if [ -n "$(value Fails)" ]; then set_to ActiveState failed; exit 1; fi
  if [ "$(value Type)" = oneshot ]; then
    echo Result=success >>"$file"; echo ExecMainStatus=0 >>"$file"; echo ExecMainExitTimestampMonotonic=1000000000 >>"$file"
  else
    set_to ActiveState active
  fi ;;
stop) set_to ActiveState inactive ;;
enable) set_to UnitFileState enabled ;;
disable) set_to UnitFileState disabled
  if [ "$2" = --now ]; then set_to ActiveState inactive; fi ;;
reset-failed) set_to ActiveState inactive ;;
restart) [ -e "$file" ] ;;
*) exit 1 ;;
esac
`

// unit writes a unit's properties.
func (s *server) unit(t *testing.T, name string, properties ...string) {
	t.Helper()
	s.put(t, "units/"+name, "LoadState=loaded\n"+strings.Join(properties, "\n")+"\n", 0o644)
}

// drop removes a file.
func (s *server) drop(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(s.root, name)); err != nil {
		t.Fatal(err)
	}
}
