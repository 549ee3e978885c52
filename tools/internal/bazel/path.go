package bazel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// patience is how long a Bazel on the PATH may take to say its version: bazelisk
// downloads the one of .bazelversion first.
const patience = 5 * time.Minute

// onPath finds a Bazel that works, or says why there is none.
func onPath(ctx context.Context, root string) (path, about string, why error) {
	path, err := exec.LookPath("bazel")
	if err != nil {
		if path, err = exec.LookPath("bazelisk"); err != nil {
			return "", "", errors.New("neither bazel nor bazelisk is on the PATH")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Dir = root
	said, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 {
			return "", "", fmt.Errorf("%s does not start (%w: %s)", path, err, lastLine(string(exit.Stderr)))
		}
		return "", "", fmt.Errorf("%s does not start (%w)", path, err)
	}
	version := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(said)), "bazel "))
	if !fits(version) {
		return "", "", fmt.Errorf("%s is version %q, and 7 or 8 is needed", path, version)
	}
	return path, "Bazel " + version + ", " + path, nil
}

// fits tells whether a version can build the tree: 7 is the first with the
// options of .bazelrc, 8 the last with WORKSPACE.
func fits(version string) bool {
	return strings.HasPrefix(version, "7.") || strings.HasPrefix(version, "8.")
}

// pathStartup adds Debian's repositories for a Bazel that is Debian's.
func pathStartup(root string) []string {
	if _, err := os.Stat("/usr/share/bazel/rules/cc"); err == nil {
		return []string{"--bazelrc=" + debianConfig(root)}
	}
	return nil
}
