package model

import (
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// Codes of WMI for what a host has not.
const (
	noNamespace = "code 0x8004100e"

	// States of a product in the security centre, as its readers have understood
	// them: on, on with old signatures.
	productOn  = 0x41000
	productOld = 0x41010
)

func firewall(t tree, h *Host, f *check.Facts) {
	serviceRows(t, f, check.FactService, "MpsSvc", "BFE")
	if t.text("services.MpsSvc.state") == "running" {
		for _, zone := range []string{"Domain", "Private", "Public"} {
			row(f, check.FactProfile, "Name", zone, "Enabled", digit(t.yes("firewall.profiles."+strings.ToLower(zone)+".enabled")))
		}
	} else {
		f.Add(check.FactProfile+check.ErrorSuffix, "code 0x800706d9") // no more endpoints
	}
	switch {
	case !t.workstation():
		f.Add(check.FactSecurityProduct+check.ErrorSuffix, noNamespace)
	case t.text("firewall.product") != "":
		row(f, check.FactSecurityProduct, "displayName", t.text("firewall.product"), "productState", productOn)
	}
	h.owner(f, "firewall.")
}

func defender(t tree, h *Host, f *check.Facts) {
	other := t.text("defender.product")
	passive := other != "" && t.workstation()
	serviceRows(t, f, check.FactService, "WinDefend")
	if t.text("services.WinDefend.state") == "running" {
		row(f, check.FactDefender, "AntivirusEnabled", t.yes("defender.antivirus") && !passive,
			"RealTimeProtectionEnabled", t.yes("defender.real_time") && !passive, "AntivirusSignatureAge", t.number("defender.signature_age_days"))
		mode := "Normal"
		if passive {
			mode = "Passive Mode"
		}
		row(f, check.FactDefenderMode, "AMRunningMode", mode, "IsTamperProtected", t.yes("defender.tamper_protection"))
	} else {
		f.Add(check.FactDefender+check.ErrorSuffix, "code 0x800106ba")
		f.Add(check.FactDefenderMode+check.ErrorSuffix, "code 0x800106ba")
	}
	switch {
	case !t.workstation():
		f.Add(check.FactSecurityProduct+check.ErrorSuffix, noNamespace)
		if other != "" {
			row(f, check.FactOtherService, "Name", "SentinelAgent", "State", 4, "Start", 2, "Delayed", 0, "Trigger", 0)
		}
	default:
		state := 0x61100
		if passive {
			state = 0x60100
		}
		row(f, check.FactSecurityProduct, "displayName", "Windows Defender", "instanceGuid", "{D68DDC3A-831F-4fae-9E44-DA132C1ACF46}", "productState", state)
		if passive {
			state = productOn
			if t.yes("defender.product_old") {
				state = productOld
			}
			row(f, check.FactSecurityProduct, "displayName", other, "instanceGuid", "{7D6C9A1F-0000-4000-8000-000000000001}", "productState", state)
		}
	}
	h.owner(f, "defender.")
}

func smb1(t tree, h *Host, f *check.Facts) {
	defer h.resultant(f, "smb.")
	serviceRows(t, f, check.FactService, "LanmanServer", "mrxsmb10")
	if t.text("services.LanmanServer.state") == "running" {
		row(f, check.FactSMBServer, "EnableSMB1Protocol", t.yes("smb.server_smb1"))
		return
	}
	f.Add(check.FactSMBServer+check.ErrorSuffix, "code 0x80131500")
	state := 2
	if t.yes("smb.feature") {
		state = 1
	}
	row(f, check.FactSMBFeature, "Name", "SMB1Protocol", "InstallState", state)
}

func spooler(t tree, h *Host, f *check.Facts) {
	serviceRows(t, f, check.FactService, "Spooler")
	for range t.number("spooler.shared_printers") {
		row(f, check.FactPrinter, "Name", "Printer")
	}
	if v := t.number("spooler.remote_rpc"); v != 0 {
		f.Add(check.FactSpoolerRPC, word(v))
	}
	h.resultant(f, "spooler.", "services.Spooler")
}

func bitLocker(t tree, _ *Host, f *check.Facts) {
	if !t.yes("bitlocker.installed") {
		f.Add(check.FactEncryptable+check.ErrorSuffix, noNamespace)
	} else {
		for _, letter := range t.members("bitlocker.volumes") {
			volumeRow(t, f, letter)
		}
	}
	for _, letter := range t.members("disk.volumes") {
		row(f, check.FactFixedDisk, "DeviceID", drive(letter))
	}
}

func volumeRow(t tree, f *check.Facts, letter string) {
	p := "bitlocker.volumes." + letter + "."
	protection, conversion := 1, 1
	switch {
	case t.yes(p + "locked"):
		row(f, check.FactEncryptable, "DeviceID", volumeID(letter), "DriveLetter", drive(letter), "ProtectionStatus", 2)
		return
	case !t.yes(p + "encrypted"):
		protection, conversion = 0, 0
	case t.yes(p + "suspended"):
		protection = 0
	}
	row(f, check.FactEncryptable, "DeviceID", volumeID(letter), "DriveLetter", drive(letter), "ProtectionStatus", protection, "ConversionStatus", conversion,
		"SuspendCount", t.number(p+"suspend_count"))
}

func drive(letter string) string { return strings.ToUpper(letter) + ":" }

func volumeID(letter string) string {
	return `\\?\Volume{00000000-0000-0000-0000-0000000000` + letter + `0}\`
}

func guestAccount(t tree, h *Host, f *check.Facts) {
	row(f, check.FactGuest, "Name", t.text("users.guest.name"), "Disabled", digit(t.yes("users.guest.disabled")))
	h.resultant(f, "users.guest.")
}
