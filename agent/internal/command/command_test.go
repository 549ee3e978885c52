package command

import (
	"os"
	"strings"
	"testing"
	"time"
)

// list has every entry. A new one is reviewed here.
var list = map[string]*Command{
	"SSHDConfig": &SSHDConfig, "FileVault": &FileVault, "Firewall": &Firewall, "FirewallOn": &FirewallOn,
	"FirewallOff": &FirewallOff, "Gatekeeper": &Gatekeeper, "SIP": &SIP, "XProtect": &XProtect,
	"XProtectBundle": &XProtectBundle, "Updates": &Updates, "UpdatesManaged": &UpdatesManaged,
	"ScreenLock": &ScreenLock, "SaverIdle": &SaverIdle, "SaverManaged": &SaverManaged, "Power": &Power, "NetworkTime": &NetworkTime,
	"Services": &Services, "Admins": &Admins, "RemoteManagement": &RemoteManagement, "Processes": &Processes,
}

// Folders that only the system writes to. /usr/local and /opt belong to whoever
// installed a package manager there.
var folders = []string{"/usr/bin/", "/usr/sbin/", "/usr/libexec/", "/bin/", "/sbin/"}

func TestEveryCommandIsBoundedAndOfTheSystem(t *testing.T) {
	for name, c := range list {
		args := c.argv(501)
		ours := false
		for _, folder := range folders {
			ours = ours || strings.HasPrefix(args[0], folder)
		}
		if !ours || strings.Contains(args[0], "..") {
			t.Errorf("%s starts %s, which is in no folder of the system", name, args[0])
		}
		if c.limit <= 0 || c.limit > 10*time.Second || c.bytes <= 0 || c.bytes > 256<<10 {
			t.Errorf("%s: limits are %s and %d bytes", name, c.limit, c.bytes)
		}
		for _, arg := range args {
			if arg == "" || strings.ContainsAny(arg, "%~\x00\n") {
				t.Errorf("%s has the argument %q", name, arg)
			}
		}
		for _, shell := range []string{"/sh", "/bash", "/zsh", "/osascript", "/env"} {
			if strings.Contains(c.line+" ", shell+" ") {
				t.Errorf("%s starts a shell: %s", name, c.line)
			}
		}
	}
}

func TestArgumentsReadBack(t *testing.T) {
	for _, c := range []struct {
		command *Command
		want    string
	}{
		{&UpdatesManaged, "/usr/bin/plutil|-convert|xml1|-o|-|/Library/Managed Preferences/com.apple.SoftwareUpdate.plist"},
		{&ScreenLock, "/bin/launchctl|asuser|501|/usr/bin/sudo|-n|-H|-u|#501|/usr/sbin/sysadminctl|-screenLock|status"},
		{&Admins, "/usr/bin/dscl|-plist|.|-read|/Groups/admin|GroupMembership"},
	} {
		if got := strings.Join(c.command.argv(501), "|"); got != c.want {
			t.Errorf("argv = %s; want %s", got, c.want)
		}
	}
}

func TestNoCommandEscapesTheseTests(t *testing.T) {
	source, err := os.ReadFile("command.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), "Command{line:"); n != len(list) {
		t.Errorf("command.go has %d commands; the tests know %d", n, len(list))
	}
}
