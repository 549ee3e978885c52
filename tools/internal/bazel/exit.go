package bazel

import (
	"errors"
	"os/exec"
	"strconv"
)

// Exit is Bazel's own failure, of which it has said why.
type Exit struct{ Code int }

func (e Exit) Error() string { return "Bazel ended with exit code " + strconv.Itoa(e.Code) }

// asExit tells Bazel's failure from those before it. One that a signal ended has
// said nothing.
func asExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return Exit{exit.ExitCode()}
	}
	return err
}
