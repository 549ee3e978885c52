package probe

import (
	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

// rules gives the row of a function's policy.
func rules(function string) ([]string, error) {
	if function == "LockoutModals" {
		l, err := winapi.LockoutModals()
		return []string{fields("Threshold,Duration,Window", l.Threshold, l.Duration, l.Window)[1:]}, err
	}
	m, err := winapi.PasswordModals()
	return []string{fields("MinLength,MaxAge,MinAge,History", m.MinLength, m.MaxAge, m.MinAge, m.History)[1:]}, err
}

// auditSettings reads the subcategories that the judge knows; needs the right to
// manage the security log, which LocalSystem has.
func auditSettings() ([]string, error) {
	settings := check.AuditSettings(nil)
	guids := make([]winapi.GUID, len(settings))
	for i := range settings {
		guids[i] = winapi.GUID{
			A: 0x0cce9200 | uint32(settings[i].ID), B: 0x69ae, C: 0x11d9,
			D: [8]byte{0xbe, 0xd3, 0x50, 0x50, 0x54, 0x50, 0x30, 0x30},
		}
	}
	values, err := winapi.AuditSystem(guids)
	if err != nil {
		return nil, err
	}
	rows := make([]string, len(settings))
	for i := range settings {
		rows[i] = "Name=" + settings[i].Name + fields("Setting", values[i])
	}
	return rows, nil
}
