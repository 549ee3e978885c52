package command

import (
	"strings"
	"testing"
)

func TestCommandsForTheServiceAreBoundedAndOfTheSystem(t *testing.T) {
	for _, c := range []*Command{
		&UnitReload, &UnitEnable, &UnitDisable, &UnitStart, &UnitStop, &DaemonLoad, &DaemonUnload, &DaemonPrint,
	} {
		args := c.argv(0)
		if args[0] != "/usr/bin/systemctl" && args[0] != "/bin/launchctl" {
			t.Errorf("%s starts another program", c.line)
		}
		if c.limit <= 0 || c.bytes <= 0 || !c.root || strings.Contains(c.line, "  ") {
			t.Errorf("%+v lacks a limit", c)
		}
	}
}
