package sqlos

import (
	"errors"
	"strconv"
)

// ErrClosed is returned by every call on a closed DB.
var ErrClosed = errors.New("the database is closed")

// Primary result codes, from sqlite3.h. An extended code has them in its low
// byte.
const (
	codeBusy    = 5
	codeNoMem   = 7
	codeCorrupt = 11
	codeFull    = 13
	codeNotADB  = 26
)

// Error is a failure that SQLite reported.
type Error struct {
	Code int    // extended result code
	Msg  string // SQLite's own text
}

// Error gives the text and the code.
func (e *Error) Error() string {
	return e.Msg + " (SQLite code " + strconv.Itoa(e.Code) + ")"
}

// IsFull tells whether err is SQLITE_FULL: no room on the disk, or the page
// limit is reached. A user quota (EDQUOT) is a plain I/O error to SQLite.
func IsFull(err error) bool { return primary(err) == codeFull }

// IsBusy tells whether another process held the file for too long.
func IsBusy(err error) bool { return primary(err) == codeBusy }

// IsCorrupt tells whether the file is damaged or not a database.
func IsCorrupt(err error) bool {
	code := primary(err)
	return code == codeCorrupt || code == codeNotADB
}

func primary(err error) int {
	e, ok := errors.AsType[*Error](err) // without errors.As's reflection
	if !ok {
		return 0
	}
	return e.Code & 0xff
}

func errNoMemory() error { return &Error{Code: codeNoMem, Msg: "out of memory"} }

// fail turns a result code into an Error with the connection's message.
func (db *DB) fail(rc int32) error {
	if db.conn == 0 {
		return errNoMemory()
	}
	msg := cstring(db.eng.call(symErrMsg, db.conn))
	if code := int32(db.eng.call(symExtendedErrCode, db.conn)); code&0xff == rc&0xff {
		rc = code
	}
	return &Error{Code: int(rc), Msg: msg}
}
