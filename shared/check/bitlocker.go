package check

// Facts of bitlocker, beside the host's.
const (
	FactEncryptable = "volume" // a row: DeviceID, DriveLetter, ProtectionStatus, ConversionStatus, SuspendCount (restarts until it resumes)
	FactFixedDisk   = "disk"   // a row for each volume on a fixed disk: DeviceID (D:)
)

var bitlockerParameters = []Parameter{
	{"data_volumes", "yes"},
	// A server without the feature has nothing that could be asked.
	{"server_without_feature", "not_applicable"},
}

// The system volume, and by policy every other volume on a fixed disk, is encrypted
// with the protection on. Windows Home has the same engine where the hardware has
// device encryption. A conversion counts by its state, not by its percentage; a
// locked volume, or one whose conversion could not be asked, is not read, and
// neither is a disk that the class does not list. What installs firmware suspends
// for some restarts: resumed before them, the next one asks for the recovery key.
const bitlockerRulings = `encrypted and protected
for disk
|+fixed|{DeviceID}
end
for volume
-DriveLetter|next
|+listed|{DriveLetter}
DriveLetter!{host.system_drive}&$data_volumes!yes|next
DriveLetter!{host.system_drive}&fixed!{DriveLetter}|next
DriveLetter={host.system_drive}|+system|yes
ProtectionStatus?01&ConversionStatus=1|+read|{DeviceID}
ProtectionStatus?0123456789&ConversionStatus?02345|+read|{DeviceID}
read!{DeviceID}|+unread|{DriveLetter}
read!{DeviceID}|next
ProtectionStatus=0&ConversionStatus=1|+high|yes
ProtectionStatus=0&ConversionStatus=1&SuspendCount>0|+bad|{DriveLetter} suspended until a restart
ProtectionStatus=0&ConversionStatus=1&SuspendCount<1|+bad|{DriveLetter} suspended
ProtectionStatus=0&ConversionStatus=1&-SuspendCount|+bad|{DriveLetter} suspended
ConversionStatus=2|+medium|yes
ConversionStatus=2|+bad|{DriveLetter} being encrypted
ConversionStatus=4|+high|yes
ConversionStatus=4|+bad|{DriveLetter} half encrypted
ConversionStatus?035|+critical|yes
ConversionStatus=3|+bad|{DriveLetter} being decrypted
ConversionStatus=5|+bad|{DriveLetter} half decrypted
ConversionStatus=0|+bad|{DriveLetter} not encrypted
ConversionStatus=0&DriveLetter={host.system_drive}|+plain|yes
end
for disk
listed!{DeviceID}&$data_volumes=yes|+unread|{DeviceID}
end
volume_error=code 0x8004100e&host.product_type!1&$server_without_feature=not_applicable|not_applicable||BitLocker is not installed on this server.
volume_error=code 0x8004100e&host.product_type!1|critical||BitLocker is not installed on this server.
volume_error|unknown||The encryption of the disks could not be read: {volume_error}.
-system|unknown||The encryption of the disks could not be read: nothing is listed but to an administrator.
host.edition^Core&plain|critical|{bad}|edition_unsupported: Windows Home encrypts by device encryption only, which this computer does not use.
critical|critical|{bad}|Not every disk is encrypted and protected: {bad}.
high|high|{bad}|Not every disk is encrypted and protected: {bad}.
medium|medium|{bad}|Not every disk is encrypted and protected: {bad}.
unread|unknown||The encryption of {unread} could not be read.
|pass|encrypted|Every disk is encrypted and protected.`
