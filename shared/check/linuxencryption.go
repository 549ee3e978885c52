//go:build !osiris_agent

package check

// Facts of linux_encryption. Volumes go by where they are mounted.
const (
	FactVirtual      = "virtual"       // yes for a virtual machine
	FactEncrypted    = "encrypted"     // volumes with a cipher between them and every disk
	FactPlain        = "plain"         // volumes without
	FactPlainSwap    = "plain_swap"    // swap without
	FactUnreadVolume = "unread_volume" // volumes of which neither could be told
)

var linuxEncryptionParameters = []Parameter{{"hypervisor", "no"}}

// A guest cannot see what its hypervisor or cloud does to its disks. Where the
// policy says that it encrypts them, nothing was looked at, and so nothing passes.
const linuxEncryptionRulings = `a cipher below every volume and swap
-encrypted&-plain&-unread_volume|unknown||No volume could be looked at.
plain&virtual=yes&$hypervisor=yes|not_applicable||The policy says that the hypervisor encrypts the disks; a guest cannot see it.
plain|high|plain: {plain}|Volumes are not encrypted: {plain}.
unread_volume|unknown||Whether volumes are encrypted could not be told: {unread_volume}.
plain_swap&virtual=yes&$hypervisor=yes|not_applicable||The policy says that the hypervisor encrypts the disks; a guest cannot see it.
plain_swap|medium|plain swap|Memory is written to swap that is not encrypted: {plain_swap}.
|pass|encrypted|Every volume is encrypted: {encrypted}.`
