//go:build !osiris_agent

package check

// The checks of Linux servers about how they are kept. Only the appliance judges them.
const (
	LinuxBackup       ID = "linux_backup"
	LinuxCertificates ID = "linux_certificates"
	LinuxEncryption   ID = "linux_encryption"
	LinuxIntegrity    ID = "linux_integrity"
	LinuxLegacy       ID = "linux_legacy"
	LinuxPatches      ID = "linux_patches"
	LinuxPermissions  ID = "linux_permissions"
	LinuxRestoreTest  ID = "linux_restore_test"
	LinuxScheduled    ID = "linux_scheduled"
	LinuxUnits        ID = "linux_units"
)

var linuxUpkeep = []definition{
	{LinuxBackup, linuxBackupParameters, judgeRemote},
	{LinuxCertificates, linuxCertificateParameters, judgeRemote},
	{LinuxEncryption, linuxEncryptionParameters, judgeRemote},
	{LinuxIntegrity, linuxIntegrityParameters, judgeRemote},
	{LinuxLegacy, nil, judgeRemote},
	{LinuxPatches, linuxPatchParameters, judgeRemote},
	{LinuxPermissions, nil, judgeRemote},
	{LinuxRestoreTest, linuxRestoreParameters, judgeRemote},
	{LinuxScheduled, linuxScheduledParameters, judgeRemote},
	{LinuxUnits, linuxUnitParameters, judgeLinuxUnits},
}

// linuxUpkeepRulings are what the judges of these checks read (row.go).
var linuxUpkeepRulings = map[ID]string{
	LinuxBackup:       linuxBackupRulings,
	LinuxCertificates: linuxCertificateRulings,
	LinuxEncryption:   linuxEncryptionRulings,
	LinuxIntegrity:    linuxIntegrityRulings,
	LinuxLegacy:       linuxLegacyRulings,
	LinuxPatches:      linuxPatchRulings,
	LinuxPermissions:  linuxPermissionRulings,
	LinuxRestoreTest:  linuxRestoreRulings,
	LinuxScheduled:    linuxScheduledRulings,
}

// linuxUpkeepFacts are the names of each check's facts.
var linuxUpkeepFacts = map[ID][]string{
	LinuxBackup:       {FactBackupsLooked, FactBackup},
	LinuxCertificates: {FactServerCertificate, FactServerCertificateUnread},
	LinuxEncryption:   {FactVirtual, FactEncrypted, FactPlain, FactPlainSwap, FactUnreadVolume},
	LinuxIntegrity:    {FactGuard, FactSignatureAge, FactWatcher, FactWatcherAge, FactMandatoryAccess},
	LinuxLegacy:       {FactListenersRead, FactLegacy},
	LinuxPatches:      {FactPackageManager, FactSecurityCount, FactSecurityUpdate, FactSecuritySource, FactListAge, FactSupportEnd, FactSupportEnded},
	LinuxPermissions:  {FactFile, FactWorldWritable, FactWorldWritableCount},
	LinuxRestoreTest:  {FactRestoreTest},
	LinuxScheduled:    {FactEntriesDigest, FactEntryCount, FactEntry, FactNotWalked},
	LinuxUnits:        {FactUnitCount, FactUnit},
}
