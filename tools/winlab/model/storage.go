package model

import (
	"fmt"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

func diskSpace(t tree, _ *Host, f *check.Facts) {
	// The members are sorted, so the system's volume is the first.
	for _, letter := range t.members("disk.volumes") {
		p := "disk.volumes." + letter + "."
		used := t.number(p + "used_mb")
		if drive(letter) == t.text("host.system_drive") {
			used += t.number("disk.temporary_mb") + t.number("updates.cache_mb")
		}
		size := t.number(p + "size_mb")
		f.Add(check.FactVolume, fmt.Sprintf("%d %d %s", size<<20, max(0, size-used)<<20, drive(letter)))
	}
}

func volumeHealth(t tree, _ *Host, f *check.Facts) {
	for _, disk := range t.members("disk.physical") {
		row(f, check.FactDiskHealth, "Name", disk, "HealthStatus", t.number("disk.physical."+disk+".health"))
	}
	for _, letter := range t.members("disk.volumes") {
		p := "disk.volumes." + letter + "."
		row(f, check.FactVolumeHealth, "Name", drive(letter), "HealthStatus", t.number(p+"health"), "Dirty", digit(t.yes(p+"dirty")))
	}
}

func shadowCopies(t tree, _ *Host, f *check.Facts) {
	serviceRows(t, f, check.FactService, "VSS", "swprv")
	f.Add(check.FactVSSErrors, word(t.number("vss.errors")))
}

func backupStatus(t tree, _ *Host, f *check.Facts) {
	product, age := t.text("backup.product"), t.number("backup.age_hours")
	switch {
	case product == "":
	case age == never:
		row(f, check.FactBackup, "Product", product)
	default:
		row(f, check.FactBackup, "Product", product, "AgeHours", age)
	}
}

func patches(t tree, h *Host, f *check.Facts) {
	now := h.cfg.Now().UTC()
	day := func(daysAgo int64) string { return now.AddDate(0, 0, -int(daysAgo)).Format(time.DateOnly) }
	f.Add(check.FactDate, day(0))
	switch age := t.number("updates.search_age_hours"); {
	case age == never, age > 72:
		f.Add(check.FactPendingUpdate+check.ErrorSuffix, "code 0x80131501")
	default:
		if days := t.number("updates.pending_days"); days != never {
			row(f, check.FactPendingUpdate, "KB", "KB5099999", "Security", 1, "Severity", "", "Published", day(days), "Downloaded", 1)
		}
		row(f, check.FactPendingUpdate, "Searched", now.Add(-time.Duration(age)*time.Hour).Format(time.DateOnly))
	}
	installed := now.AddDate(0, 0, -int(t.number("updates.installed_days_ago")))
	row(f, check.FactHotfix, "HotFixID", "KB5088888", "InstalledOn", installed.Format("1/2/2006"))
}

func updateService(t tree, _ *Host, f *check.Facts) {
	serviceRows(t, f, check.FactService, "wuauserv", "BITS", "CryptSvc")
	f.Add(check.FactUpdateErrors, word(t.number("updates.errors")))
	f.Add(check.FactUpdateCache, word(t.number("updates.cache_mb")))
}

func updateServer(t tree, _ *Host, f *check.Facts) {
	server := t.text("updates.wsus_server")
	// The id that a computer has is nobody's setting, whoever names the server.
	f.Add(check.FactOwner, "local")
	if server != "" {
		f.Add(check.FactUseWSUS, "1")
		f.Add(check.FactWSUSServer, server)
	}
	if t.yes("updates.wsus_registered") {
		f.Add(check.FactWSUSClient, "yes")
	}
	if age := t.number("updates.search_age_hours"); age != never {
		f.Add(check.FactUpdateSearch, word(age))
	}
}

// addresses are what an adapter asks: its own list goes before DHCP's.
func addresses(t tree, adapter string) []string {
	list := t.text("network.adapters." + adapter + ".static_dns")
	if list == "none" {
		list = t.text("network.adapters." + adapter + ".dhcp_dns")
	}
	return strings.Fields(strings.ReplaceAll(list, ",", " "))
}

func dnsClient(t tree, _ *Host, f *check.Facts) {
	for _, a := range t.members("network.adapters") {
		for _, address := range addresses(t, a) {
			row(f, check.FactResolver, "Interface", a, "Address", address)
		}
	}
}

func netBIOS(t tree, _ *Host, f *check.Facts) {
	for _, a := range t.members("network.adapters") {
		row(f, check.FactAdapter, "Interface", a, "NetBIOS", t.number("network.adapters."+a+".netbios"))
	}
}

func networkAdapter(t tree, _ *Host, f *check.Facts) {
	for _, a := range t.members("network.adapters") {
		p := "network.adapters." + a + "."
		row(f, check.FactAdapter, "Interface", a, "ReceivedErrors", t.number(p+"received_errors"), "SentErrors", t.number(p+"sent_errors"))
	}
}

var categories = map[string]int{"public": 0, "private": 1, "domain": 2}

func networkProfile(t tree, _ *Host, f *check.Facts) {
	for _, a := range t.members("network.adapters") {
		row(f, check.FactNetwork, "Interface", a, "Category", categories[t.text("network.adapters."+a+".category")])
	}
}
