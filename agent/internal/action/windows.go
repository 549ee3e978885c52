package action

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/check"
)

// windows is what actions need of Windows.
type windows interface {
	// Do sets the object of a verb to a value, which may be done again without
	// harm. For the value "" it gives what there is: object, tab, value. Then one
	// object may be several, each under the name by which it can be set.
	Do(ctx context.Context, verb byte, object, value string) ([]string, error)
}

// An action's steps are lines: a verb, its object, and after '@' the wanted
// value. They are text and not code, because the agent counts bytes. The first
// line tells people what is done.
//
//	dDIGITS       refuses on hosts whose domain role is not one of these
//	nSERVICE      refuses unless the service is disabled or not there
//	oSUFFIX       refuses unless all that the verdict lists ends so; what is before
//	              it is * in later lines, which run for each
//	rKEY\VALUE    a DWORD; "-" for none
//	lKEY\VALUE    the same: "NAME=N" wants the check's parameter or N, or less
//	sSERVICE      its start type: 4 never; 2 by itself, only where it is 4
//	vSERVICE      1 is stopped, 4 runs
//	uSERVICE      the same, refused the fourth time in an hour
//	xSERVICE      stopped and started: 6, and back 5, or 1 where it was stopped
//	wNAMESPACE|CLASS|PROPERTY|METHOD   each instance, unless it cannot be read, by
//	              Put; by a static method with the property as argument; or, where
//	              METHOD begins with '+', by Disable... and Enable... without one
//	g501          the guest account: 1 is disabled
//	a             the subcategories of check.AuditSettings
//	cVOLUME       1 deletes old temporary files, which 0 cannot undo
//	tSECONDS      waits until Windows has followed
//
// A snapshot has a line for each value that is not as wanted: verb and object,
// old, new, parted by tabs.
var fixes = [...]struct {
	runbook string
	check   check.ID
	steps   string
}{
	// MpsSvc brings BFE with it when it starts, and must stop before it. Rules
	// and the default of a profile stay as they are.
	{"windows.firewall.enable", check.Firewall, `turn the firewall on for every network
sBFE@2
sMpsSvc@2
vMpsSvc@4
vBFE@4
wroot\StandardCimv2|MSFT_NetFirewallProfile|Enabled|@1
t2`},
	// Defender takes some seconds to come on.
	{"windows.defender.enable", check.Defender, `turn Defender's real-time protection on
sWinDefend@2
vWinDefend@4
wroot\Microsoft\Windows\Defender|MSFT_MpPreference|DisableRealtimeMonitoring|Set@false
t15`},
	{"windows.spooler.disable", check.Spooler, `stop and disable the print spooler of a domain controller
d45
sSpooler@4
vSpooler@1`},
	{"windows.spooler.restrict", check.Spooler, `keep a workstation's print spooler from the network
d01
rHKLM\SOFTWARE\Policies\Microsoft\Windows NT\Printers\RegisterSpoolerRemoteRpcEndPoint@2
xSpooler@6`},
	{"windows.services.start", check.CriticalServices, `start the services that are stopped
o stopped
u*@4`},
	{"windows.disk.clean", check.DiskSpace, `delete old files from Windows' folder for temporary ones
o % free
c*@1`},
	{"windows.guest.disable", check.GuestAccount, `disable the guest account
g501@1`},
	// The client stays until its feature is removed: LanmanWorkstation may depend
	// on its driver.
	{"windows.smbv1.disable", check.SMBv1, `switch SMB version 1 off for the server
nmrxsmb10
rHKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters\SMB1@0
wroot\Microsoft\Windows\SMB|MSFT_SmbServerConfiguration|EnableSMB1Protocol|SetConfiguration@false`},
	{"windows.audit.enable", check.AuditPolicy, `record the required events
a`},
	{"windows.time.resync", check.TimeSync, `restart Windows Time, which asks its source then
sW32Time@2
xW32Time@6
t15`},
	{"windows.bitlocker.resume", check.BitLocker, `resume the suspended protection
o suspended
wroot\CIMV2\Security\MicrosoftVolumeEncryption|Win32_EncryptableVolume WHERE DriveLetter='*'|ProtectionStatus|+KeyProtectors@1`},
	{"windows.screenlock.enable", check.ScreenLock, `lock the console when it is idle
lHKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\InactivityTimeoutSecs@max_idle_seconds=900`},
}

// fix runs one row of fixes.
type fix struct {
	windows windows
	steps   string
}

// windowsActions are the actions of Windows.
func windowsActions(w windows) []Action {
	list := make([]Action, len(fixes))
	for i := range fixes {
		f := &fix{w, fixes[i].steps}
		list[i] = Action{
			Runbook: fixes[i].runbook, Check: fixes[i].check, Tier: trustlite.Tier_TIER_SELF_HEAL,
			Plan: f.plan, Snapshot: f.snapshot, Apply: f.apply, Revert: f.revert,
		}
	}
	return list
}

func (f *fix) plan(Host) string {
	title, _, _ := strings.Cut(f.steps, "\n")
	return "Would " + title + "."
}

// refusal is why nothing is done.
type refusal string

func (r refusal) Error() string { return string(r) }

const (
	notForRole refusal = "this is not for hosts of this role"
	needPerson refusal = "what is wrong needs a person"
	nothingOff refusal = "all that this could change is as it should be"
	incomplete refusal = "the snapshot is incomplete"
	tooOften   refusal = "a service was started three times in an hour; this needs a person"
)

func (f *fix) snapshot(ctx context.Context, h Host) ([]byte, error) {
	rows, names := "", []string{""}
	var err error
	for _, line := range strings.Split(f.steps, "\n")[1:] {
		verb := line[0]
		object, want, _ := strings.Cut(line[1:], "@")
		switch verb {
		case 'o':
			names = strings.Split(h.Verdict.Actual, ", ")
			for i := range names {
				var ok bool
				if names[i], ok = strings.CutSuffix(names[i], object); !ok {
					return nil, needPerson
				}
			}
			continue
		case 'd':
			if role, _ := h.Verdict.Facts.Get(check.FactDomainRole); role == "" || !strings.Contains(object, role) {
				return nil, notForRole
			}
			continue
		case 't':
			if rows != "" {
				rows += "t\t0\t" + object + "\n"
			}
			continue
		case 'a':
			for _, s := range check.AuditSettings(h.Parameters) {
				if rows, err = f.take(ctx, h, rows, verb, strconv.Itoa(int(s.ID)), strconv.Itoa(int(s.Want))); err != nil {
					return nil, err
				}
			}
			continue
		}
		for _, name := range names {
			if rows, err = f.take(ctx, h, rows, verb, strings.Replace(object, "*", name, 1), want); err != nil {
				return nil, err
			}
		}
	}
	if rows == "" {
		return nil, nothingOff
	}
	return []byte(rows), nil
}

// take adds what one step would change to the snapshot, or refuses.
func (f *fix) take(ctx context.Context, h Host, rows string, verb byte, object, want string) (string, error) {
	found, err := f.windows.Do(ctx, verb, object, "")
	switch {
	case verb == 'w' || verb == 'n':
		// What cannot be read is left to the check.
	case err != nil:
		return "", err
	}
	for _, row := range found {
		value, old := want, row[strings.LastIndexByte(row, '\t')+1:]
		number, _ := strconv.Atoi(old)
		switch verb {
		case 'n':
			if old != "4" {
				return "", needPerson
			}
			continue
		case 's':
			if want == "2" && old != "4" {
				continue
			}
		case 'a':
			bits, _ := strconv.Atoi(want)
			value = strconv.Itoa(number | bits)
		case 'l':
			limit := parameter(h, want)
			if number > 0 && number <= limit {
				continue
			}
			value = strconv.Itoa(limit)
		}
		if old == value {
			continue
		}
		row = string(verb) + row + "\t" + value + "\n"
		if verb == 'u' {
			if n, err := h.journal.recent(row); err != nil || n >= startLimit {
				return "", tooOften
			}
		}
		rows += row
	}
	return rows, nil
}

// startLimit is how often a service may be started in an hour: one that stops
// again and again has a fault that starting it hides.
const startLimit = 3

// parameter reads NAME=N: the policy's number of that name, or N.
func parameter(h Host, want string) int {
	name, value, _ := strings.Cut(want, "=")
	limit, _ := strconv.Atoi(value)
	if h.Parameters != nil {
		value, _ = h.Parameters(name)
	}
	if n, _ := strconv.Atoi(value); n > 0 {
		limit = n
	}
	return limit
}

func (f *fix) apply(ctx context.Context, h Host) (string, error) {
	return string(h.Snapshot), f.set(ctx, h.Snapshot, 2)
}

func (f *fix) revert(ctx context.Context, _ Host, snapshot []byte) error {
	return f.set(ctx, snapshot, 1)
}

// set goes through a snapshot, in its order both ways: a service starts when its
// start type allows it. One value that cannot be set does not keep the others
// back; what counts is the check.
func (f *fix) set(ctx context.Context, snapshot []byte, column int) (first error) {
	for _, row := range strings.Split(strings.TrimSuffix(string(snapshot), "\n"), "\n") {
		field := strings.Split(row, "\t")
		if len(field) != 3 || row[0] == '\t' {
			return incomplete
		}
		if row[0] == 't' {
			seconds, _ := strconv.Atoi(field[column])
			sleep(ctx, time.Duration(seconds)*time.Second)
			continue
		}
		if _, err := f.windows.Do(ctx, row[0], field[0][1:], field[column]); err != nil && first == nil {
			first = err
		}
	}
	return first
}
