package bazel

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// apt is the folder with everything that apt keeps for this, so that it neither
// reads nor changes what this machine has installed.
func (d *debian) apt() string { return filepath.Join(d.dirs.Cache, "apt") }

// fetch downloads the packages, checked by apt against Debian's signatures, and
// returns their files. A second run goes on where the first stopped.
func (d *debian) fetch(ctx context.Context) ([]string, error) {
	mirror, err := mirror(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.prepare(mirror); err != nil {
		return nil, err
	}
	if err := d.aptGet(ctx, "update"); err != nil {
		return nil, fmt.Errorf("fetching Debian's list of packages for %s: %w", suite, err)
	}
	install := append([]string{"install", "-y"}, packages...)
	names, err := d.names(ctx, install)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(d.log, "bazel: fetching %d packages\n", len(names))
	if err := d.aptGet(ctx, append(install, "--download-only")...); err != nil {
		return nil, fmt.Errorf("fetching Debian's packages: %w; run it again to go on where it stopped", err)
	}
	var files []string
	for _, name := range names {
		path := filepath.Join(d.apt(), "debs", name)
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("looking for a fetched package: %w", err)
		}
		files = append(files, path)
	}
	return files, nil
}

// mirror is where this machine gets Debian from.
func mirror(ctx context.Context) (string, error) {
	said, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(ORIGIN) $(SUITE) $(REPO_URI)", "Created-By: Packages").Output()
	if err != nil {
		return "", fmt.Errorf("asking apt for its mirror: %w", err)
	}
	for line := range strings.Lines(string(said)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "Debian" && !strings.Contains(fields[1], "security") {
			return fields[2], nil
		}
	}
	return "", errors.New("apt knows no mirror of Debian: run apt-get update, or install bazelisk")
}

// prepare writes apt's folders and its one source.
func (d *debian) prepare(mirror string) error {
	for _, folder := range []string{"lists/partial", "debs/partial", "none"} {
		if err := os.MkdirAll(filepath.Join(d.apt(), folder), 0o755); err != nil {
			return fmt.Errorf("making apt's folders: %w", err)
		}
	}
	source := "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " + mirror + " " + suite + " main\n"
	return errors.Join(
		os.WriteFile(filepath.Join(d.apt(), "sources.list"), []byte(source), 0o644),
		os.WriteFile(filepath.Join(d.apt(), "status"), nil, 0o644),
	)
}

// command is apt-get with a state of its own. The machine's settings (proxies,
// whether an expired list is accepted) hold, because they are its owner's.
func (d *debian) command(ctx context.Context, args ...string) *exec.Cmd {
	var options []string
	for key, value := range map[string]string{
		"Dir::Etc::sourcelist": "sources.list", "Dir::Etc::sourceparts": "none", "Dir::Etc::preferences": "none/none", "Dir::Etc::preferencesparts": "none",
		"Dir::State::lists": "lists", "Dir::State::status": "status", "Dir::State::extended_states": "extended", "Dir::Cache::archives": "debs",
	} {
		options = append(options, "-o", key+"="+filepath.Join(d.apt(), value))
	}
	options = append(options, "-q", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "-o", "APT::Architecture=amd64",
		"-o", "APT::Install-Recommends=false", "-o", "APT::Get::List-Cleanup=false", "-o", "APT::Sandbox::User=root")
	cmd := exec.CommandContext(ctx, "apt-get", append(options, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	return endWithUs(cmd)
}

// names are the files that apt would fetch.
func (d *debian) names(ctx context.Context, install []string) ([]string, error) {
	// Only what is not there yet is printed, so it is asked of an empty folder.
	args := append([]string{"-o", "Dir::Cache::archives=" + filepath.Join(d.apt(), "none"), "--print-uris"}, install...)
	cmd := d.command(ctx, args...)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	said, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("resolving Debian's packages: %w: %s", err, lastLine(wrong.String()))
	}
	var names []string
	for line := range strings.Lines(string(said)) {
		if f := strings.Fields(line); len(f) >= 3 && strings.HasPrefix(f[0], "'") {
			names = append(names, f[1])
		}
	}
	if len(names) == 0 {
		return nil, errors.New("apt lists no package to fetch")
	}
	return names, nil
}

// aptGet runs apt-get, counts what it fetches on the log, and keeps its last
// words for the error.
func (d *debian) aptGet(ctx context.Context, args ...string) error {
	cmd := d.command(ctx, args...)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	said, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting apt-get: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting apt-get: %w", err)
	}
	countFetched(said, d.log)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(wrong.String()))
	}
	return nil
}

func countFetched(said io.Reader, log io.Writer) {
	fetched := 0
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "Get:") {
			if fetched++; fetched%50 == 0 {
				fmt.Fprintf(log, "bazel: fetched %d\n", fetched)
			}
		}
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
