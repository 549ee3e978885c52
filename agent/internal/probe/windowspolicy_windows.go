package probe

import (
	"github.com/osiriscare/osiris/agent/internal/winapi"
	"github.com/osiriscare/osiris/shared/check"
)

func passwordRules() ([]string, error) {
	m, err := winapi.PasswordModals()
	if err != nil {
		return nil, err
	}
	return []string{"MinLength=" + number(m.MinLength) + ";MaxAge=" + number(m.MaxAge) +
		";MinAge=" + number(m.MinAge) + ";History=" + number(m.History)}, nil
}

func lockoutRules() ([]string, error) {
	l, err := winapi.LockoutModals()
	if err != nil {
		return nil, err
	}
	return []string{"Threshold=" + number(l.Threshold) + ";Duration=" + number(l.Duration) + ";Window=" + number(l.Window)}, nil
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
		rows[i] = "Name=" + settings[i].Name + ";Setting=" + number(values[i])
	}
	return rows, nil
}
