package service

import (
	"errors"
	"os"
	"path/filepath"
)

// rollingLimit bounds the log and the one before it.
const rollingLimit = 4 << 20

// rolling is a log file: when a line would not fit any more, the file becomes
// the former one and a new one begins. One goroutine writes at a time.
type rolling struct {
	path  string
	limit int64 // rollingLimit when 0
	file  *os.File
	size  int64
}

// Write adds a line.
func (r *rolling) Write(line []byte) (int, error) {
	if r.limit == 0 {
		r.limit = rollingLimit
	}
	if r.file != nil && r.size > 0 && r.size+int64(len(line)) > r.limit {
		err := errors.Join(r.file.Close(), os.Rename(r.path, r.path+".1"))
		r.file = nil
		if err != nil {
			return 0, err
		}
	}
	if r.file == nil {
		if err := r.open(); err != nil {
			return 0, err
		}
	}
	n, err := r.file.Write(line)
	r.size += int64(n)
	return n, err
}

func (r *rolling) open() error {
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r.file, r.size = f, info.Size()
	return nil
}
