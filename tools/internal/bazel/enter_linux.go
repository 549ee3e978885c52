package bazel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// insideEnv carries a plan to this program's second start, inside of the
// namespaces.
const insideEnv = "OSIRIS_BAZEL_INSIDE"

// plan is what the second start does.
type plan struct {
	Tree   string   // the unpacked Debian
	Folder string   // where Bazel starts
	Binds  []string // folders of this machine that keep their path
	Args   []string // Bazel's
	Env    []string // Bazel's
}

// enter runs Bazel in the tree, in a mount and a process namespace of its own:
// the mounts and the Bazel server end with it, whatever happens to us.
func (d *debian) enter(ctx context.Context, folder string, out, log io.Writer, args []string) error {
	p, err := d.plan(ctx, folder, args)
	if err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("planning Bazel's start: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	lock, err := d.lock()
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // the lock ends with it, or with this program
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), insideEnv+"="+string(text))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	// Bazel wants to be asked; the terminal has asked it already with Ctrl-C.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd.Run()
}

// lock waits for its turn: a second Bazel on the same output takes the first
// one's server for a dead one, because it cannot see it, and ends it.
func (d *debian) lock() (*os.File, error) { return take(d.dirs.Output+".lock", d.log) }

// take opens and locks a file, and says so when it has to wait.
func take(path string, log io.Writer) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) && log != nil {
		fmt.Fprintln(log, "bazel: waiting for another one on this machine to end")
		for err = unix.EINTR; errors.Is(err, unix.EINTR); {
			err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("taking the lock: %w", err), f.Close())
	}
	return f, nil
}

// idle fails when somebody holds one of the locks.
func idle(paths []string) error {
	for _, path := range paths {
		f, err := take(path, nil)
		if err != nil {
			return errBusy
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// endWithUs makes a child end when we do, even by kill -9.
func endWithUs(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// plan gathers the folders and settings that Bazel needs of this machine.
func (d *debian) plan(ctx context.Context, folder string, args []string) (plan, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT", "GOMODCACHE", "GOCACHE")
	cmd.Dir = d.root
	said, err := cmd.Output()
	if err != nil {
		return plan{}, fmt.Errorf("asking Go for its folders: %w", err)
	}
	goDirs := strings.Split(strings.TrimSpace(string(said)), "\n")
	if len(goDirs) != 3 {
		return plan{}, fmt.Errorf("go env said %q", said)
	}
	p := plan{Tree: d.tree(), Folder: folder, Args: args}
	p.Binds = append(goDirs, d.root, folder, d.dirs.Cache, d.dirs.Output, os.TempDir())
	p.Env = []string{
		"HOME=" + filepath.Join(d.dirs.Cache, "home"), "PATH=" + filepath.Join(goDirs[0], "bin") + ":/usr/bin:/bin", "USER=root",
		"GOROOT=" + goDirs[0], "GOMODCACHE=" + goDirs[1], "GOCACHE=" + goDirs[2], "LANG=C.UTF-8", "TMPDIR=" + os.TempDir(),
	}
	for _, name := range []string{"GOPROXY", "GONOSUMDB", "GOSUMDB", "GOTOOLCHAIN", "OSIRIS_RELEASE_ROOTS", "OSIRIS_SIGNATURE_KEYS", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "TERM"} {
		if value, ok := os.LookupEnv(name); ok {
			p.Env = append(p.Env, name+"="+value)
		}
	}
	for _, folder := range append([]string{filepath.Join(d.dirs.Cache, "home")}, p.Binds...) {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return plan{}, fmt.Errorf("making a folder of Bazel's: %w", err)
		}
	}
	return p, nil
}

// Inside does the second start's work and does not return, or returns false in
// the first start. A program that runs Bazel calls it first.
func Inside() bool {
	text, ok := os.LookupEnv(insideEnv)
	if !ok {
		return false
	}
	var p plan
	err := json.Unmarshal([]byte(text), &p)
	if err == nil {
		err = p.mount()
	}
	if err == nil {
		err = p.run()
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "bazel: entering its folder:", err)
		os.Exit(1)
	}
	os.Exit(0)
	return true
}

// mount builds the root that Bazel sees: Debian's programs, read-only, and this
// machine's folders at their own paths.
func (p *plan) mount() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("leaving the machine's mounts alone: %w", err)
	}
	root := p.Tree + ".root"
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting a root: %w", err)
	}
	steps := []func(string) error{p.programs, p.kernel, p.settings, p.folders, pivot}
	for _, step := range steps {
		if err := step(root); err != nil {
			return err
		}
	}
	return os.Chdir(p.Folder)
}

// programs binds the tree's folders one by one: usr too is a folder of ours, so
// that Go may have its usual place in it.
func (p *plan) programs(root string) error {
	for _, name := range []string{"bin", "lib", "lib64", "sbin"} {
		target, err := os.Readlink(filepath.Join(p.Tree, name))
		if err != nil {
			return fmt.Errorf("reading the tree's links: %w", err)
		}
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			return err
		}
	}
	inUsr, err := os.ReadDir(filepath.Join(p.Tree, "usr"))
	if err != nil {
		return fmt.Errorf("reading the tree: %w", err)
	}
	for _, entry := range inUsr {
		if entry.IsDir() && entry.Name() != "local" {
			from := filepath.Join(p.Tree, "usr", entry.Name())
			if err := bind(from, filepath.Join(root, "usr", entry.Name()), unix.MS_RDONLY); err != nil {
				return err
			}
		}
	}
	return bind(filepath.Join(p.Tree, "var"), filepath.Join(root, "var"), unix.MS_RDONLY)
}

func (p *plan) kernel(root string) error {
	for _, name := range []string{"/dev", "/sys"} {
		if err := bind(name, root+name, unix.MS_REC); err != nil {
			return err
		}
	}
	if err := unix.Mount("tmpfs", root+"/dev/shm", "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mounting /dev/shm: %w", err)
	}
	if err := os.MkdirAll(root+"/proc", 0o755); err != nil {
		return err
	}
	if err := unix.Mount("proc", root+"/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	return nil
}

// settings copies the tree's /etc and takes names and certificates from this
// machine.
func (p *plan) settings(root string) error {
	if err := os.CopyFS(filepath.Join(root, "etc"), os.DirFS(filepath.Join(p.Tree, "etc"))); err != nil {
		return fmt.Errorf("copying the tree's settings: %w", err)
	}
	for _, name := range []string{"/etc/resolv.conf", "/etc/hosts"} {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(root+name, text, 0o644); err != nil {
			return err
		}
	}
	for _, name := range []string{"/etc/ssl", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"} {
		if _, err := os.Stat(name); err == nil {
			if err := bind(name, root+name, unix.MS_RDONLY); err != nil {
				return err
			}
		}
	}
	return nil
}

// folders binds outer folders before the ones in them.
func (p *plan) folders(root string) error {
	slices.Sort(p.Binds)
	for _, folder := range slices.Compact(p.Binds) {
		if err := bind(folder, filepath.Join(root, folder), 0); err != nil {
			return err
		}
	}
	return nil
}

// pivot makes root the root. Not chroot: in one, the kernel refuses the user
// namespaces that Bazel's sandbox is made of.
func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("entering the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the machine's root: %w", err)
	}
	return os.Chdir("/")
}

func bind(from, to string, flags uintptr) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("making a place for %s: %w", from, err)
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND|flags&unix.MS_REC, ""); err != nil {
		return fmt.Errorf("binding %s: %w", from, err)
	}
	if flags&unix.MS_RDONLY != 0 {
		if err := unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("protecting %s: %w", from, err)
		}
	}
	return nil
}

// run starts Bazel as a child of ours, the first process of the namespace, and
// ends its server in order.
func (p *plan) run() error {
	err := p.bazel(p.Args, os.Stdout, os.Stderr)
	if !slices.Contains(p.Args, "--version") {
		_ = p.bazel(append(startupOf(p.Args), "shutdown"), io.Discard, io.Discard) // the kernel ends it otherwise
	}
	return err
}

func (p *plan) bazel(args []string, out, log io.Writer) error {
	cmd := exec.CommandContext(context.Background(), "/usr/bin/bazel", args...)
	cmd.Dir, cmd.Env = p.Folder, p.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, log
	// The terminal's Ctrl-C reaches Bazel itself; a request to us is passed on.
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(asked)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting Bazel: %w", err)
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case s := <-asked:
				if s == syscall.SIGTERM {
					_ = cmd.Process.Signal(syscall.SIGINT) // gone already is fine
				}
			case <-ended:
				return
			}
		}
	}()
	return cmd.Wait()
}

// mayEnter tries what enter needs.
func mayEnter(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	return cmd.Run()
}

// room is what a user may still write in a folder, in bytes.
func room(folder string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}
