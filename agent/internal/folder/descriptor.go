package folder

// Offsets and bits of a self-relative SECURITY_DESCRIPTOR, its ACL and ACEs, all
// little-endian (MS-DTYP 2.4).
const (
	controlAt, ownerAt, listAt = 2, 4, 16
	hasList                    = 0x4 // SE_DACL_PRESENT
	aclCountAt, aclSize        = 4, 8
	aceHeader, sidHeader       = 8, 8
	inheritOnly                = 0x8
)

// writing are the rights by which somebody changes what a file or folder holds,
// or who may: FILE_WRITE_DATA, FILE_APPEND_DATA, FILE_DELETE_CHILD, DELETE,
// WRITE_DAC, WRITE_OWNER, GENERIC_ALL and GENERIC_WRITE.
const writing = 0x2 | 0x4 | 0x40 | 0x10000 | 0x40000 | 0x80000 | 0x10000000 | 0x40000000

// SIDs that may write: LocalSystem, Administrators, and TrustedInstaller, which
// Windows gives all of %ProgramFiles%.
const (
	localSystem      = "\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00"
	administrators   = "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00"
	trustedInstaller = "\x01\x06\x00\x00\x00\x00\x00\x05\x50\x00\x00\x00\xb5\x89\xfb\x38\x19\x84\xc2\xcb\x5c\x6c\x23\x6d\x57\x00\x77\x6e\xc0\x02\x64\x87"
)

// isAdmin tells whether a SID is us or somebody who may do everything anyway.
func isAdmin(sid, us string) bool {
	return sid == localSystem || sid == administrators || sid == trustedInstaller || sid == us
}

func ownerOf(descriptor []byte) string { return sidAt(descriptor, number(descriptor, ownerAt)) }

// isClosed reads a security descriptor: the owner is an administrator or us, and
// nobody else can write. What cannot be read is not closed.
func isClosed(descriptor []byte, us string) bool {
	if len(descriptor) < 20 || descriptor[controlAt]&hasList == 0 || !isAdmin(ownerOf(descriptor), us) {
		return false
	}
	at := number(descriptor, listAt)
	if at == 0 || at+aclSize > len(descriptor) { // no list lets everybody in
		return false
	}
	count := number(descriptor, at+aclCountAt) & 0xffff
	at += aclSize
	for range count {
		if at+aceHeader > len(descriptor) {
			return false
		}
		kind, flags, size := descriptor[at], descriptor[at+1], number(descriptor, at)>>16
		allows := kind != 1 && flags&inheritOnly == 0 // 1 denies
		if allows && number(descriptor, at+4)&writing != 0 && (kind != 0 || !isAdmin(sidAt(descriptor, at+aceHeader), us)) {
			return false // of other kinds we do not know whom they let in
		}
		if size < aceHeader {
			return false
		}
		at += size
	}
	return true
}

// number reads 32 bits; beyond the end it is 0.
func number(b []byte, at int) int {
	if at < 0 || at+4 > len(b) {
		return 0
	}
	return int(b[at]) | int(b[at+1])<<8 | int(b[at+2])<<16 | int(b[at+3])<<24
}

// sidAt gives the bytes of a SID; empty when they are not all there.
func sidAt(b []byte, at int) string {
	if at <= 0 || at+sidHeader > len(b) {
		return ""
	}
	end := at + sidHeader + 4*int(b[at+1])
	if end > len(b) {
		return ""
	}
	return string(b[at:end])
}
