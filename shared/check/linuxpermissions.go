//go:build !osiris_agent

package check

// Facts of linux_permissions.
const (
	// FactFile is a row for each file that is looked at: Kind is account, secret, key
	// or config; Path, Owner and Group are numbers, GroupName; Mode is the mode's
	// twelve bits as a decimal number.
	FactFile               = "file"
	FactWorldWritable      = "world_writable"       // the first files and folders below /etc that anybody may write
	FactWorldWritableCount = "world_writable_count" // how many there are
)

// 18 is octal 022, 31 is 037, 32 is 040. Red Hat's shadow has mode 0000, Debian's
// 0640 of the group shadow, and Red Hat's host keys were 0640 of ssh_keys; all are well.
const linuxPermissionRulings = `files of accounts, keys and settings are their owner's
-file|unknown||No file could be looked at.
-world_writable_count|unknown||The files below /etc could not be looked at.
for file
Owner!0|+owner|{Path}
Mode%18|+written|{Path}
Kind=secret&Mode%31|+read|{Path}
Kind=secret&Mode%32&Group!0&GroupName!shadow|+read|{Path}
Kind=key&Mode%31|+read|{Path}
Kind=key&Mode%32&GroupName!ssh_keys|+read|{Path}
end
owner|high|not root's: {owner}|Files that root must own are not root's: {owner}.
written|high|others write: {written}|Others than root may write {written}.
read|high|others read: {read}|Others than root may read {read}.
world_writable_count>0|medium|{world_writable_count} below /etc|Anybody may write {world_writable}.
|pass|well|Only root writes the files of accounts, keys and settings.`
