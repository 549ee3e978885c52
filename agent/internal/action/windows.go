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
	// harm. For the value "" it gives what there is, as lines of object, tab, value:
	// one object may be several, each under the name by which it can be set.
	Do(ctx context.Context, verb byte, object, value string) (string, error)
}

// An action's steps are lines: a verb, its object, and after '@' the wanted
// value. They are text and not code, because the agent counts bytes.
//
//	dDIGITS       refuses on hosts whose domain role is not one of these
//	eSUFFIX       refuses where the verdict ends so
//	nSERVICE      refuses unless the service is disabled or not there
//	oSUFFIX       refuses unless all that the verdict lists ends so; what is before
//	              it is * in later lines, which run for each
//	rKEY\VALUE    a DWORD; "-" for none
//	lKEY\VALUE    the same: "NAME=N" wants the check's parameter or N, or less
//	sSERVICE      its start type: 4 never; 2 by itself, only where it is 4
//	vSERVICE      1 is stopped, 4 runs
//	uSERVICE      the same, refused the fourth time in an hour
//	xSERVICE      stopped and started: 6, and back 5, or 1 where it was stopped
//	wN            each instance of instances[N], unless it cannot be read; more text
//	              ends the query
//	g501          the guest account: 1 is disabled
//	a             the subcategories of check.AuditSettings
//	cVOLUME       1 deletes old temporary files, which 0 cannot undo
//	tSECONDS      waits until Windows has followed
//
// A snapshot has a line for each value that is not as wanted: verb and object,
// old, new, parted by tabs.
var fixes = []Action{
	// MpsSvc brings BFE with it when it starts, and must stop before it. Rules
	// and the default of a profile stay as they are.
	{
		Runbook: "windows.firewall.enable", Check: check.Firewall, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would turn the firewall on for every network.",
		Fix: &fix{`sBFE@2
sMpsSvc@2
vMpsSvc@4
vBFE@4
w0@1
t2`},
	},
	// Defender takes some seconds to come on. Old signatures are not its switch's
	// business, least of all those of another product that is on.
	{
		Runbook: "windows.defender.enable", Check: check.Defender, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would turn Defender's real-time protection on.",
		Fix: &fix{`esignatures out of date
sWinDefend@2
vWinDefend@4
w1@false
t15`},
	},
	{
		Runbook: "windows.spooler.disable", Check: check.Spooler, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would stop and disable the print spooler of a domain controller.",
		Fix: &fix{`d45
sSpooler@4
vSpooler@1`},
	},
	{
		Runbook: "windows.spooler.restrict", Check: check.Spooler, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would keep a workstation's print spooler from the network.",
		Fix: &fix{`d01
rHKLM\SOFTWARE\Policies\Microsoft\Windows NT\Printers\RegisterSpoolerRemoteRpcEndPoint@2
xSpooler@6`},
	},
	{
		Runbook: "windows.services.start", Check: check.CriticalServices, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would start the services that are stopped.",
		Fix: &fix{`o stopped
u*@4`},
	},
	{
		Runbook: "windows.disk.clean", Check: check.DiskSpace, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would delete old files from Windows' folder for temporary ones.",
		Fix: &fix{`o % free
c*@1`},
	},
	{
		Runbook: "windows.guest.disable", Check: check.GuestAccount, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would disable the guest account.",
		Fix:  &fix{`g501@1`},
	},
	// The client stays until its feature is removed: LanmanWorkstation may depend
	// on its driver.
	{
		Runbook: "windows.smbv1.disable", Check: check.SMBv1, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would switch SMB version 1 off for the server.",
		Fix: &fix{`nmrxsmb10
rHKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters\SMB1@0
w2@false`},
	},
	{
		Runbook: "windows.audit.enable", Check: check.AuditPolicy, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would record the required events.",
		Fix:  &fix{`a`},
	},
	{
		Runbook: "windows.time.resync", Check: check.TimeSync, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would restart Windows Time, which asks its source then.",
		Fix: &fix{`sW32Time@2
xW32Time@6
t15`},
	},
	{
		Runbook: "windows.bitlocker.resume", Check: check.BitLocker, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would resume the suspended protection.",
		Fix: &fix{`o suspended
w3 WHERE DriveLetter='*'@1`},
	},
	{
		Runbook: "windows.screenlock.enable", Check: check.ScreenLock, Tier: trustlite.Tier_TIER_SELF_HEAL,
		Plan: "Would lock the console when it is idle.",
		Fix:  &fix{`lHKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\InactivityTimeoutSecs@max_idle_seconds=900`},
	},
}

// instances are where steps find properties in WMI. Snapshots name them by their
// place, so rows are only added. A method that is named whole is the class's and
// has the property as its argument; one with '+' is each instance's, Disable... and
// Enable... without argument; without one, the instance itself is put. Their
// pages are in agent/internal/probe/sources.txt.
var instances = [...]struct {
	namespace, class string
	properties       []string // of an instance: its path and what is looked for
	method           string
}{
	{`root\StandardCimv2`, "MSFT_NetFirewallProfile", []string{relativePath, "Enabled"}, ""},
	{`root\Microsoft\Windows\Defender`, "MSFT_MpPreference", []string{relativePath, "DisableRealtimeMonitoring"}, "Set"},
	{`root\Microsoft\Windows\SMB`, "MSFT_SmbServerConfiguration", []string{relativePath, "EnableSMB1Protocol"}, "SetConfiguration"},
	{`root\CIMV2\Security\MicrosoftVolumeEncryption`, "Win32_EncryptableVolume", []string{relativePath, "ProtectionStatus"}, "+KeyProtectors"},
}

const relativePath = "__RELPATH"

// refusal is why nothing is done.
type refusal string

func (r refusal) Error() string { return string(r) }

const (
	needPerson  refusal = "what is wrong needs a person"
	wrongRole   refusal = "this is not for hosts of this role"
	nothingOff  refusal = "all that this could change is as it should be"
	incomplete  refusal = "the snapshot is incomplete"
	tooOften    refusal = "a service was started three times in an hour; this needs a person"
	stayDeleted refusal = "deleted temporary files stay deleted"
)

// startLimit is how often a service may be started in an hour: one that stops
// again and again has a fault that starting it hides.
const startLimit = 3

// fix is an action's steps.
type fix struct{ steps string }

// Snapshot reads what the steps would change.
func (f *fix) Snapshot(ctx context.Context, h *Host) ([]byte, error) {
	rows := ""
	names := []string{""}
	settings := check.AuditSettings(h.Parameters)
	for _, line := range strings.Split(f.steps, "\n") {
		step, want, _ := strings.Cut(line, "@")
		switch step[0] {
		case 'o':
			names = strings.Split(h.Verdict.Actual, ", ")
		case 'a':
			names = make([]string, len(settings))
		}
		for i, name := range names {
			var err error
			switch step[0] {
			case 'o':
				names[i] = strings.TrimSuffix(name, step[1:])
				if len(names[i]) == len(name) {
					err = needPerson
				}
			case 'e':
				if strings.HasSuffix(h.Verdict.Actual, step[1:]) {
					err = needPerson
				}
			case 'd':
				if role, _ := h.Verdict.Facts.Get(check.FactDomainRole); role == "" || !strings.Contains(step, role) {
					err = wrongRole
				}
			case 't':
				if rows != "" {
					rows += "t\t0\t" + step[1:] + "\n"
				}
			case 'a':
				rows, err = take(ctx, h, rows, "a"+strconv.Itoa(int(settings[i].ID)), strconv.Itoa(int(settings[i].Want)))
			default:
				rows, err = take(ctx, h, rows, strings.Replace(step, "*", name, 1), want)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if rows == "" {
		return nil, nothingOff
	}
	return []byte(rows), nil
}

// take adds what one step would change to a snapshot, or refuses.
func take(ctx context.Context, h *Host, rows, step, want string) (string, error) {
	verb := step[0]
	found, err := h.windows.Do(ctx, verb, step[1:], "")
	if verb == 'w' || verb == 'n' {
		err = nil // what cannot be read is left to the check
	}
	for found != "" {
		var row string
		row, found, _ = strings.Cut(found, "\n")
		value, old := want, row[strings.LastIndexByte(row, '\t')+1:]
		number, _ := strconv.Atoi(old)
		switch verb {
		case 'n':
			if value = old; old != "4" {
				err = needPerson
			}
		case 's':
			if want == "2" && old != "4" {
				value = old
			}
		case 'a':
			bits, _ := strconv.Atoi(want)
			value = strconv.Itoa(number | bits)
		case 'l':
			limit := parameter(h, want)
			if value = old; number <= 0 || number > limit {
				value = strconv.Itoa(limit)
			}
		case 'u':
			if n, failed := h.journal.recent("u" + row + "\t4\n"); failed != nil || n >= startLimit {
				err = tooOften
			}
		}
		if old != value {
			rows += step[:1] + row + "\t" + value + "\n"
		}
	}
	return rows, err
}

// parameter reads NAME=N: the policy's number of that name, or N.
func parameter(h *Host, want string) int {
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

// Apply sets the new values.
func (f *fix) Apply(ctx context.Context, h *Host) (string, error) {
	return string(h.Snapshot), set(ctx, h, h.Snapshot, 2)
}

// Revert sets the old ones.
func (f *fix) Revert(ctx context.Context, h *Host, snapshot []byte) error {
	return set(ctx, h, snapshot, 1)
}

// set goes through a snapshot, in its order both ways: a service starts when its
// start type allows it. One value that cannot be set does not keep the others
// back; what counts is the check.
func set(ctx context.Context, h *Host, snapshot []byte, column int) (first error) {
	for _, row := range strings.Split(strings.TrimSuffix(string(snapshot), "\n"), "\n") {
		field := strings.Split(row, "\t")
		if len(field) != 3 || field[0] == "" {
			return incomplete
		}
		value := field[column]
		if row[0] == 't' {
			seconds, _ := strconv.Atoi(value)
			sleep(ctx, time.Duration(seconds)*time.Second)
			continue
		}
		if _, err := h.windows.Do(ctx, row[0], field[0][1:], value); err != nil && first == nil {
			first = err
		}
	}
	return first
}
