//go:build !osiris_modernc

package discover

// resolv.h gives the function another name by a macro.
const (
	library = "/usr/lib/libresolv.9.dylib"
	symbol  = "res_9_search"
	former  = "res_search"
)
