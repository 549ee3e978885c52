package action

import (
	"context"
	"syscall"
	"time"
)

// clean deletes old files of a folder that only administrators can replace. It
// goes into no folder of it, because anybody may make those and put a link in
// their place while we look; a link to a file is deleted itself. on 1 cannot be
// undone.
func clean(ctx context.Context, folder string, on int) error {
	if on == 0 {
		return stayDeleted
	}
	var found syscall.Win32finddata
	pattern, err := syscall.UTF16PtrFromString(folder + `\*`)
	if err != nil {
		return err
	}
	h, err := syscall.FindFirstFile(pattern, &found)
	if err != nil {
		return err
	}
	defer syscall.FindClose(h) //nolint:errcheck // only read
	// os.ReadDir sorts, which costs the agent 18 KB.
	for now := time.Now().UnixNano(); err == nil && ctx.Err() == nil; err = syscall.FindNextFile(h, &found) {
		name := syscall.UTF16ToString(found.FileName[:])
		if found.FileAttributes&syscall.FILE_ATTRIBUTE_DIRECTORY != 0 || !dispensable(name, time.Duration(now-found.LastWriteTime.Nanoseconds())) {
			continue
		}
		if path, err := syscall.UTF16PtrFromString(folder + `\` + name); err == nil {
			_ = syscall.DeleteFile(path) // one in use stays
		}
	}
	return ctx.Err()
}
