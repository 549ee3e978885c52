//go:build !osiris_modernc

package discover

// glibc 2.34 moved the function to libc.so.6, on which libresolv depends, so that
// looking in libresolv finds it either way; before, resolv.h gave it another name.
const (
	library = "libresolv.so.2"
	symbol  = "res_search"
	former  = "__res_search"
)
