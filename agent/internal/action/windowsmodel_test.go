package action_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/agent/internal/action"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
)

// Objects of the model, as the steps name them.
const (
	profiles   = `w 0|MSFT_NetFirewallProfile.InstanceID="MSFT|FW|FirewallProfile|`
	realTime   = `w 1|MSFT_MpPreference=@`
	rival      = "product McAfee" // its productState
	smbServer  = `w 2|MSFT_SmbServerConfiguration=@`
	volumes    = `w 3|Win32_EncryptableVolume.DeviceID="C"`
	spoolerRPC = `r HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Printers\RegisterSpoolerRemoteRpcEndPoint`
	smb1       = `r HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters\SMB1`
	inactivity = `r HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\InactivityTimeoutSecs`
)

// model is a Windows of some values, named by verb and object. It is also the
// reader of its checks.
type model struct {
	values map[string]string
	role   string
	owner  string
	// before is called before each change and may forbid it.
	before  func(n int) error
	ignores bool // changes are taken and do nothing for the check
	changes []string
	frozen  map[string]string
}

// kinds are the verbs that mean the same thing.
var kinds = strings.NewReplacer("l", "r", "n", "s", "u", "v")

func (m *model) Do(_ context.Context, verb byte, object, value string) (string, error) {
	kind := kinds.Replace(string(verb))
	key := kind + " " + object
	if kind == "w" {
		key = "w " + object[:1] + "|" + object[1:]
	}
	if value != "" {
		return "", m.set(kind, key, object, value)
	}
	rows := ""
	switch kind {
	case "w":
		for _, k := range slices.Sorted(maps.Keys(m.values)) {
			if path, ok := strings.CutPrefix(k, key[:4]); ok {
				rows += object[:1] + path + "\t" + m.values[k] + "\n"
			}
		}
		return rows, nil
	case "x":
		return object + "\t" + map[string]string{"1": "1", "4": "5"}[m.values["v "+object]], nil
	case "g":
		return "Gast\t" + m.values["g Gast"], nil
	case "c":
		if !strings.HasPrefix(object, "C:") {
			return "", errors.New("another volume")
		}
	}
	v, ok := m.values[key]
	switch {
	case !ok && kind == "r":
		v = "-"
	case !ok:
		return "", errors.New(key + " does not exist")
	}
	return object + "\t" + v, nil
}

func (m *model) set(kind, key, object, value string) error {
	if m.before != nil {
		if err := m.before(len(m.changes)); err != nil {
			return err
		}
	}
	m.changes = append(m.changes, key+"="+value)
	switch {
	case kind == "r" && value == "-":
		delete(m.values, key)
		return nil
	case kind == "c" && value == "0":
		return errors.New("deleted temporary files stay deleted")
	case kind == "x" && value == "1":
		key = "v " + object
	case kind == "x":
		if m.values["s "+object] == "4" {
			return errors.New("disabled")
		}
		key, value = "v "+object, "4"
	case kind == "v" && value == "4" && m.values["s "+object] == "4":
		return errors.New("disabled")
	}
	m.values[key] = value
	return nil
}

func (m *model) service(name string) check.Fact {
	v := m.seen()
	return check.Fact{Name: check.FactService, Value: "Name=" + name + ";State=" + v["v "+name] + ";Start=" + v["s "+name] + ";Delayed=0;Trigger=0"}
}

// seen are the values as the checks see them.
func (m *model) seen() map[string]string {
	if m.ignores {
		return m.frozen
	}
	return m.values
}

// Read gives the facts as the readers of package probe name them.
func (m *model) Read(_ context.Context, id check.ID) check.Facts {
	v := m.seen()
	f := check.Facts{
		{Name: check.FactProductType, Value: "1"},
		{Name: check.FactDomainRole, Value: m.role},
		{Name: check.FactSystemDrive, Value: "C:"},
		{Name: check.FactOwner, Value: m.owner},
	}
	switch id { //nolint:exhaustive // those that a runbook of Windows heals
	case check.Firewall:
		f = append(f, m.service("MpsSvc"), m.service("BFE"))
		for _, p := range []string{"Domain", "Private", "Public"} {
			f.Add(check.FactProfile, "Name="+p+";Enabled="+v[profiles+p+`"`])
		}
	case check.Defender:
		f = append(f, m.service("WinDefend"))
		on := map[string]string{"true": "false", "false": "true"}[v[realTime]]
		if state, ok := v[rival]; ok {
			f.Add(check.FactSecurityProduct, "displayName=McAfee;instanceGuid={X};productState="+state)
		}
		f.Add(check.FactDefender, "AntivirusEnabled=true;RealTimeProtectionEnabled="+on+";AntivirusSignatureAge=1")
	case check.Spooler:
		f = append(f, m.service("Spooler"))
		if text, ok := v[spoolerRPC]; ok {
			f.Add(check.FactSpoolerRPC, text)
		}
	case check.CriticalServices:
		for _, name := range strings.Split(check.CriticalServiceNames, ",") {
			if _, ok := v["v "+name]; ok {
				f = append(f, m.service(name))
			}
		}
	case check.DiskSpace:
		free := "3"
		if v["c C: has 3"] == "1" {
			free = "60"
		}
		f = check.Facts{{Name: check.FactVolume, Value: "100000000000 " + free + "000000000 C:"}}
	case check.GuestAccount:
		f.Add(check.FactGuest, "Name=Gast;Disabled="+v["g Gast"])
	case check.SMBv1:
		f = append(f, m.service("LanmanServer"))
		if _, ok := v["s mrxsmb10"]; ok {
			f = append(f, m.service("mrxsmb10"))
		}
		f.Add(check.FactSMBServer, "EnableSMB1Protocol="+v[smbServer])
	case check.AuditPolicy:
		f.Add(check.FactAuditLogSize, "20971520")
		for _, s := range check.AuditSettings(nil) {
			f.Add(check.FactAudit, "Name="+s.Name+";Setting="+v["a "+number(s.ID)])
		}
	case check.TimeSync:
		f = append(f, m.service("W32Time"))
		f.Add(check.FactTimeType, "NT5DS")
		if v["v W32Time"] == "4" { // as another run of the reader would measure
			f.Add(check.FactClockOffset, "Server=dc;Ms=1000;Stratum=3")
		}
	case check.BitLocker:
		f.Add(check.FactEncryptable, "DeviceID=C;DriveLetter=C:;ProtectionStatus="+v[volumes]+";ConversionStatus=1")
		f.Add(check.FactFixedDisk, "DeviceID=C:")
	case check.ScreenLock:
		f.Add(check.FactScreenChoice, "Sid=S-1-5-21-1;ScreenSaveActive=1")
		if text, ok := v[inactivity]; ok {
			f.Add(check.FactInactivity, text)
		}
	}
	return f
}

// newWindows is a host whose Windows is the model.
func newWindows(t testing.TB, m *model) *host {
	t.Helper()
	m.frozen = maps.Clone(m.values)
	if m.owner == "" {
		m.owner = "local"
	}
	h := newHost(t)
	h.close()
	h.windows = m
	h.open(action.WindowsActions())
	return h
}

func (h *host) order(runbook string, id check.ID) *trustv1.Command {
	c := h.command()
	c.RunbookId, c.CheckId = runbook, string(id)
	return c
}
