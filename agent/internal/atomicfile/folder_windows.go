package atomicfile

import "os"

// Permit does nothing: a file has its folder's rights.
func Permit(*os.File, os.FileMode) error { return nil }

// SyncFolder does nothing: Windows refuses FlushFileBuffers on a folder handle
// opened for reading, and NTFS journals the rename.
func SyncFolder(string) error { return nil }
