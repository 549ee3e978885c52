//go:build !osiris_agent

package check

import "slices"

// factNames are the names of each check's facts. The agent does not carry them.
var factNames = map[ID][]string{
	DiskSpace: {FactVolume, FactVolumeLow},
	PendingReboot: {
		FactRebootRequired, FactRebootPackages, FactKernelRunning, FactKernelInstalled,
		FactRebootWU, FactRebootServicing, FactRebootInProgress, FactRebootCBS, FactNetlogonJoin, FactNetlogonSPN,
		FactComputerName, FactActiveName, FactPendingRenames,
	},
	RMMDetection: {FactListVersion, FactListExpired, FactProduct},
	ScreenLock: {
		FactOwner, FactOwner + ErrorSuffix, FactInactivity, FactDeviceLock, FactLockDisabled, FactScreenPolicy, FactScreenChoice, FactPersonsLock,
		FactLockDelay, FactSaverIdle, FactDisplaySleep,
	},
	TimeSync: {
		FactClockUnsynchronised, FactClockMaxError, FactClockDaemon, FactMacState,
		factHost, FactOwner, FactService, FactTimeType, FactTimeTypePolicy, FactTimeServer, FactTimeServerPolicy,
		FactTimeClient, FactTimeClientPolicy, FactTimeDomain, FactClockOffset, FactClockOffset + ErrorSuffix,
	},
	LinuxFirewall: {FactFirewallManager, FactFirewallState, FactFirewallInput},
	SSHRootLogin:  {FactPermitRootLogin},
	SysctlHardening: {
		"kernel.dmesg_restrict", "kernel.dmesg_restrict" + SysctlFileSuffix,
		"kernel.kptr_restrict", "kernel.kptr_restrict" + SysctlFileSuffix,
		"kernel.randomize_va_space", "kernel.randomize_va_space" + SysctlFileSuffix,
		"net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.all.accept_redirects" + SysctlFileSuffix,
		"net.ipv4.conf.all.rp_filter", "net.ipv4.conf.all.rp_filter" + SysctlFileSuffix,
		"net.ipv4.tcp_syncookies", "net.ipv4.tcp_syncookies" + SysctlFileSuffix,
	},
	FileVault:   {FactMacState},
	Gatekeeper:  {FactMacState},
	MacAdmins:   {FactAdmin},
	MacFirewall: {FactMacState, FactOwner},
	MacSharing:  {FactServicesListed, FactSharedService},
	RemoteLogin: {FactServicesListed, FactSharedService},
	SIP:         {FactMacState},
	SoftwareUpdate: {
		FactMacVersion, FactUpdatesSeen, FactUpdateName, FactUpdateOffer, FactOwner,
		FactCheckEnabled, FactCritical,
		FactConfigData, "AutomaticDownload", "AutomaticallyInstallMacOSUpdates",
	},
	XProtect:  {FactXProtectVersion, FactXProtectAge, FactConfigData, FactServicesListed, FactMalwareProduct},
	BitLocker: {factHost, FactEncryptable, FactEncryptable + ErrorSuffix, FactFixedDisk},
	Defender: {
		factHost, FactOwner, FactDefender, FactDefender + ErrorSuffix, FactDefenderMode, FactDefenderMode + ErrorSuffix,
		FactService, FactOtherService, FactSecurityProduct, FactSecurityProduct + ErrorSuffix,
	},
	Firewall:       {factHost, FactOwner, FactProfile, FactProfile + ErrorSuffix, FactService, FactSecurityProduct, FactSecurityProduct + ErrorSuffix},
	GuestAccount:   {factHost, FactOwner, FactOwner + ErrorSuffix, FactGuest},
	Patches:        {factHost, FactDate, FactPendingUpdate, FactPendingUpdate + ErrorSuffix, FactHotfix, FactHotfix + ErrorSuffix},
	SMBv1:          {factHost, FactOwner, FactOwner + ErrorSuffix, FactSMBServer, FactSMBServer + ErrorSuffix, FactSMB1, FactService, FactSMBFeature, FactSMBFeature + ErrorSuffix},
	AccountLockout: {factHost, FactOwner, FactRules},
	AuditPolicy: {
		factHost, FactOwner, FactAudit,
		FactAuditLegacy, FactAuditLogSize, FactAuditLogPolicy, FactAuditLogKeep, FactAuditLogArchive,
	},
	CriticalServices: {factHost, FactOwner, FactOwner + ErrorSuffix, FactService},
	PasswordPolicy:   {factHost, FactOwner, FactRules},
	Spooler:          {factHost, FactOwner, FactOwner + ErrorSuffix, FactService, FactPrinter, FactPrinter + ErrorSuffix, FactSpoolerRPC, FactDriverAdmins},
}

// FactNames are the names that readers of the check may use, besides FactError
// and FactNotApplicable.
func FactNames(id ID) []string {
	var names []string
	for _, name := range slices.Concat(factNames[id], remoteFactNames[id], linuxAccessFacts[id], linuxUpkeepFacts[id], networkOnlyFacts[id]) {
		if name == factHost {
			names = append(names, hostFacts[:]...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// factHost in factNames stands for all facts about the host.
const factHost = "host"

var hostFacts = [...]string{FactProductType, FactDomainRole, FactSystemDrive, FactEdition, FactBuild, FactRevision}
