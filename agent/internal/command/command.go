// Package command is the one place in the agent that starts other programs. A
// command is a constant of this package: full path and fixed arguments in one
// line, a time limit, an output limit in bytes. It gets an empty environment but
// for PATH and the locale, no input, and "/" as its folder; what it writes to
// standard error is part of its answer. Nothing from the network reaches an
// argument; the one part that varies is the numeric id of the user at a Mac's
// console. Errors name the program and its first line of output. Windows needs
// none. os/exec would cost 40 KB. Paths and verbs of macOS: the man pages of macOS
// 15 (keith.github.io/xcode-man-pages, read 2026-11-22).
package command

import (
	"strconv"
	"strings"
	"time"
)

// Command is one entry of the allow list.
type Command struct {
	// line is the program's full path and its arguments, between single spaces;
	// "~" stands for a space inside one, userMark for the id of the user it is
	// run for. No shell reads it.
	line  string
	limit time.Duration
	bytes int
	// anyExit takes any exit status: the program says what it means in words.
	anyExit bool
	// root is set when only root gets a true answer.
	root bool
}

// userMark is replaced by a user's numeric id.
const userMark = "%u"

// Line is the command in words.
func (c *Command) Line() string { return strings.Join(c.argv(0), " ") }

// argv is the command as the kernel takes it.
func (c *Command) argv(user uint32) []string {
	args := strings.Split(c.line, " ")
	for i, arg := range args {
		arg = strings.ReplaceAll(arg, userMark, strconv.FormatUint(uint64(user), 10))
		args[i] = strings.ReplaceAll(arg, "~", " ")
	}
	return args
}

// Limits of commands that only read a setting: they answer in well under a
// second with a few lines.
const (
	quick = 5 * time.Second
	small = 16 << 10
)

// Commands of Linux.
var (
	// SSHDConfig prints the effective settings of the SSH server. It reads the
	// host keys, so it needs root; it changes nothing.
	SSHDConfig = Command{line: "/usr/sbin/sshd -T", limit: quick, bytes: 64 << 10}
)

// Commands of macOS. All but FirewallOn and FirewallOff only read.
var (
	// FileVault prints the state of disk encryption; the exit status is 0 either way.
	FileVault = Command{line: "/usr/bin/fdesetup status", limit: quick, bytes: small}
	// Firewall prints the application firewall's state, a sentence and a number.
	Firewall = Command{line: "/usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate", limit: quick, bytes: small, anyExit: true}
	// FirewallOn and FirewallOff change it; a managed Mac refuses in words, with
	// exit status 0.
	FirewallOn  = Command{line: "/usr/libexec/ApplicationFirewall/socketfilterfw --setglobalstate on", limit: quick, bytes: small, anyExit: true, root: true}
	FirewallOff = Command{line: "/usr/libexec/ApplicationFirewall/socketfilterfw --setglobalstate off", limit: quick, bytes: small, anyExit: true, root: true}
	// Gatekeeper ends with another exit status when assessments are off.
	Gatekeeper = Command{line: "/usr/sbin/spctl --status", limit: quick, bytes: small, anyExit: true}
	// SIP prints the state of System Integrity Protection.
	SIP = Command{line: "/usr/bin/csrutil status", limit: quick, bytes: small}
	// Processes prints the path of every program that runs, a line each.
	Processes = Command{line: "/bin/ps -axww -o comm=", limit: quick, bytes: 256 << 10}
	// XProtect prints version and date of the malware rules, since macOS 15.
	XProtect = Command{line: "/usr/bin/xprotect version", limit: quick, bytes: small}
	// XProtectBundle prints the Info.plist of the rules of macOS 14 and before.
	XProtectBundle = Command{line: "/usr/bin/plutil -convert xml1 -o - /Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info.plist", limit: quick, bytes: small}
	// Updates and UpdatesManaged print what softwareupdated is set to and last
	// found, and what a profile forces.
	Updates        = Command{line: "/usr/bin/plutil -convert xml1 -o - /Library/Preferences/com.apple.SoftwareUpdate.plist", limit: quick, bytes: 128 << 10}
	UpdatesManaged = Command{line: "/usr/bin/plutil -convert xml1 -o - /Library/Managed~Preferences/com.apple.SoftwareUpdate.plist", limit: quick, bytes: small}
	// ScreenLock prints, to standard error, whether and when the user's password
	// is asked for. It answers for the user it runs as.
	ScreenLock = Command{line: asUser + "/usr/sbin/sysadminctl -screenLock status", limit: quick, bytes: small, anyExit: true, root: true}
	// SaverManaged prints what a profile forces on every user's screen saver.
	SaverManaged = Command{line: "/usr/bin/plutil -convert xml1 -o - /Library/Managed~Preferences/com.apple.screensaver.plist", limit: quick, bytes: small}
	// SaverIdle prints after how many seconds the user's screen saver starts, or
	// that nobody has set it.
	SaverIdle = Command{line: asUser + "/usr/bin/defaults -currentHost read com.apple.screensaver idleTime", limit: quick, bytes: small, anyExit: true, root: true}
	// Power prints the settings of each power source.
	Power = Command{line: "/usr/bin/pmset -g custom", limit: quick, bytes: small}
	// NetworkTime prints whether the clock is set from the network.
	NetworkTime = Command{line: "/usr/sbin/systemsetup -getusingnetworktime", limit: quick, bytes: small, anyExit: true, root: true}
	// Services lists the loaded jobs of the system; without root it would be the
	// caller's own.
	Services = Command{line: "/bin/launchctl list", limit: quick, bytes: 256 << 10, root: true}
	// RemoteManagement prints whether Remote Management is on, in one word.
	RemoteManagement = Command{line: "/bin/cat /Library/Application~Support/Apple/Remote~Desktop/RemoteManagement.launchd", limit: quick, bytes: small}
	// Admins prints the members of the group of administrators, one a line.
	Admins = Command{line: "/usr/bin/dscl -plist . -read /Groups/admin GroupMembership", limit: quick, bytes: 64 << 10}
)

// asUser runs what follows as a user in that user's own session: launchctl alone
// keeps root's id, sudo alone keeps root's session.
const asUser = "/bin/launchctl asuser " + userMark + " /usr/bin/sudo -n -H -u #" + userMark + " "
