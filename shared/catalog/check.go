package catalog

import "github.com/osiriscare/osiris/shared/check"

// Check is what the servers know about one check.
type Check struct {
	ID check.ID
	// Title is a few words for people.
	Title string
	// DriftType names the check's failure on the wire and in rules.
	DriftType string
	// Severity of a failure whose sender states none: critical, high, medium
	// or low.
	Severity string
	// Citations of 45 CFR, primary first. Empty for inventory.
	Citations []string
	// Advice tells a person what to do about a failure.
	Advice string
	// Platforms that have the check: windows, darwin, linux.
	Platforms []string
	// SensorCheckIDs are what legacy sensors put into check_id. For display.
	SensorCheckIDs []string
	// Aliases are other names that agents and seeds use for the same check.
	Aliases []check.ID
	// Runbooks are what a failure calls for, by platform: what heals it, or the
	// alert-only one where only a person can.
	Runbooks map[string]string
	// Parameters that a policy may set.
	Parameters []Parameter
	// Facts classes by fact name.
	Facts map[string]Class
	// Inventory checks inform and never count as a failure.
	Inventory bool
}

// Class returns the class of a fact. What the table does not name is free
// text, so that a new fact is scrubbed until somebody has looked at it.
func (c Check) Class(fact string) Class {
	if class, ok := c.Facts[fact]; ok {
		return class
	}
	return FreeText
}

// Default returns the default of a parameter.
func (c Check) Default(name string) (string, bool) {
	for _, p := range c.Parameters {
		if p.Name == name {
			return p.Default, true
		}
	}
	return "", false
}
