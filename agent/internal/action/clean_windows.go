package action

import (
	"context"
	"syscall"
	"time"
)

// cleanAge is how long a temporary file has been left alone before it may go;
// Windows' own clean-up has the same seven days.
const cleanAge = 7 * 24 * time.Hour

// clean deletes old files of a folder that only administrators can replace, by
// the names that Windows and installers give temporary ones; a log has none of
// them. It goes into no folder in it, because anybody may make those and put a
// link in their place while we look; a link to a file is deleted itself. os.ReadDir
// sorts, which costs the agent 18 KB.
func clean(ctx context.Context, folder string) error {
	for _, pattern := range cleanPatterns {
		var found syscall.Win32finddata
		path, err := syscall.UTF16PtrFromString(folder + pattern)
		if err != nil {
			return err
		}
		h, err := syscall.FindFirstFile(path, &found)
		if err != nil {
			continue // there is none
		}
		for ; err == nil && ctx.Err() == nil; err = syscall.FindNextFile(h, &found) {
			if found.FileAttributes&syscall.FILE_ATTRIBUTE_DIRECTORY == 0 && time.Now().UnixNano()-found.LastWriteTime.Nanoseconds() > int64(cleanAge) {
				// Whoever made the name cannot put a NUL into it, and one in use stays.
				path, _ = syscall.UTF16PtrFromString(folder + syscall.UTF16ToString(found.FileName[:]))
				_ = syscall.DeleteFile(path)
			}
		}
		_ = syscall.FindClose(h)
	}
	return ctx.Err()
}
