//go:build integration && linuxlab

// The same stories on a virtual machine, which is changed and has to be thrown away
// then. OSIRIS_LAB_LINUX is its SSH server's address and port, OSIRIS_LAB_KEY the
// file of keeper's key; the users are those of e2e/lab/linux.

package trial_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	"github.com/osiriscare/osiris/appliance/internal/remote/trial"
	"github.com/osiriscare/osiris/e2e/lab/linux"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// vm is a machine that is reached by SSH alone.
type vm struct {
	road *ssh.Road
	at   ssh.Endpoint
	as   ssh.Credential
}

// Run implements host.
func (v *vm) Run(ctx context.Context, text string) (string, error) {
	out, err := v.road.Run(ctx, v.at, v.as, ssh.Command{Line: "sh -eu -s", Stdin: []byte(text)})
	if err != nil {
		return "", err
	}
	said := string(out.Stdout) + string(out.Stderr)
	if out.ExitCode != 0 {
		return said, fmt.Errorf("exit code %d: %s", out.ExitCode, said)
	}
	return said, nil
}

func newVM(t *testing.T) *site {
	t.Helper()
	address, port, err := net.SplitHostPort(os.Getenv("OSIRIS_LAB_LINUX"))
	if err != nil {
		t.Fatalf("OSIRIS_LAB_LINUX: %v", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(os.Getenv("OSIRIS_LAB_KEY"))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, target: script.Target{ID: "t_vm", Kind: script.Linux, Host: address, Port: n, Lab: true}}
	s.wrap = func(r *ssh.Road) script.ShellCommands { return &saved{Road: r, site: s} }
	s.arrange(key)
	s.debian = &vm{s.road, ssh.Endpoint{Host: address, Port: n}, s.credentials[linux.Keeper]}
	return s
}

func TestEachRunbookOnAVirtualMachine(t *testing.T) {
	names, err := filepath.Glob("testdata/vm/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		id := strings.TrimSuffix(filepath.Base(name), ".txtar")
		t.Run(id, func(t *testing.T) {
			book, err := catalogue(t).Get(id)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			story, err := trial.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			s := newVM(t)
			play(s, book, story)
		})
	}
}

// A disk with a cipher beside the machine's own, which has none.
func TestAnEncryptedVolumeOnAVirtualMachine(t *testing.T) {
	s := newVM(t)
	s.run(`cryptsetup isLuks /dev/vdb || echo -n lab | cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vdb -
test -e /dev/mapper/records || { echo -n lab | cryptsetup open /dev/vdb records -; mkfs.ext4 -q /dev/mapper/records; }
mkdir -p /srv/records
mountpoint -q /srv/records || mount /dev/mapper/records /srv/records`)
	book, err := catalogue(t).Get("linux.encryption.review")
	if err != nil {
		t.Fatal(err)
	}
	r := s.execute(book, linux.Keeper)
	if r.Before == nil || r.Before.Status != check.Fail {
		t.Fatalf("%s: %s", r.Outcome, r.Message)
	}
	if got, _ := r.Before.Facts.Get(check.FactEncrypted); got != "/srv/records" {
		t.Errorf("encrypted is %q; want /srv/records", got)
	}
	if got, _ := r.Before.Facts.Get(check.FactPlain); got != "/" {
		t.Errorf("plain is %q; want /", got)
	}
}

// saved keeps what a VM answered, for TestWhatWasCapturedIsJudged.
type saved struct {
	*ssh.Road
	site *site
	n    int
}

// Run implements script.ShellCommands.
func (s *saved) Run(ctx context.Context, at ssh.Endpoint, c ssh.Credential, command ssh.Command) (ssh.Output, error) {
	out, err := s.Road.Run(ctx, at, c, command)
	if err != nil {
		return out, err
	}
	reply, e := runbook.ReadShellReply(out.Stdout)
	if e != nil || len(reply.Parts) != 1 {
		return out, nil //nolint:nilerr // what is no reply is the road's to say
	}
	id := check.ID(reply.Parts[0].Name)
	if !slices.Contains(catalogue(s.site.t).Texts().Checks("linux"), id) {
		return out, nil
	}
	s.n++
	v := check.Judge(id, reply.FactsOf(id), s.site.Parameters(id))
	name := filepath.Join("testdata", "captured", fmt.Sprintf("%s-%d-%s.txt", id, s.n, v.Status))
	head := "origin " + os.Getenv("OSIRIS_LAB_ORIGIN") + "\n"
	for _, p := range check.Defaults(id) {
		if set := s.site.Parameters(id); set != nil {
			if value, ok := set(p.Name); ok {
				head += "setting " + p.Name + " = " + value + "\n"
			}
		}
	}
	head += "want " + v.Status.String() + " " + v.Reason + "\n\n"
	return out, errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, append([]byte(head), out.Stdout...), 0o644))
}
