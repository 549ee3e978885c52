//go:build osiris_modernc

package sqlos

import (
	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// engine calls modernc.org/sqlite's translation of the C library: the same
// functions and the same memory rules. A TLS stands for one C thread; the DB's
// mutex sees to it that one goroutine at a time uses it.
type engine struct{ tls *libc.TLS }

func newEngine() (*engine, error) { return &engine{tls: libc.NewTLS()}, nil }

func (e *engine) close() { e.tls.Close() }

func (e *engine) call(fn symbol, a ...uintptr) uintptr {
	t := e.tls
	switch fn {
	case symOpen:
		return uintptr(lib.Xsqlite3_open_v2(t, a[0], a[1], int32(a[2]), a[3]))
	case symClose:
		return uintptr(lib.Xsqlite3_close_v2(t, a[0]))
	case symBusyTimeout:
		return uintptr(lib.Xsqlite3_busy_timeout(t, a[0], int32(a[1])))
	case symPrepare:
		return uintptr(lib.Xsqlite3_prepare_v2(t, a[0], a[1], int32(a[2]), a[3], a[4]))
	case symStep:
		return uintptr(lib.Xsqlite3_step(t, a[0]))
	case symReset:
		return uintptr(lib.Xsqlite3_reset(t, a[0]))
	case symClearBindings:
		return uintptr(lib.Xsqlite3_clear_bindings(t, a[0]))
	case symFinalize:
		return uintptr(lib.Xsqlite3_finalize(t, a[0]))
	case symErrMsg:
		return lib.Xsqlite3_errmsg(t, a[0])
	case symExtendedErrCode:
		return uintptr(lib.Xsqlite3_extended_errcode(t, a[0]))
	case symLastInsertRowID:
		return uintptr(lib.Xsqlite3_last_insert_rowid(t, a[0]))
	case symChanges:
		return uintptr(lib.Xsqlite3_changes(t, a[0]))
	case symGetAutocommit:
		return uintptr(lib.Xsqlite3_get_autocommit(t, a[0]))
	case symMalloc:
		return lib.Xsqlite3_malloc64(t, uint64(a[0]))
	case symFree:
		lib.Xsqlite3_free(t, a[0])
		return 0
	}
	return e.value(fn, a)
}

// value calls the functions that move values in and out of a statement.
func (e *engine) value(fn symbol, a []uintptr) uintptr {
	t, stmt, i := e.tls, a[0], int32(a[1])
	switch fn {
	case symBindInt64:
		return uintptr(lib.Xsqlite3_bind_int64(t, stmt, i, int64(a[2])))
	case symBindText:
		return uintptr(lib.Xsqlite3_bind_text(t, stmt, i, a[2], int32(a[3]), a[4]))
	case symBindBlob:
		return uintptr(lib.Xsqlite3_bind_blob(t, stmt, i, a[2], int32(a[3]), a[4]))
	case symBindNull:
		return uintptr(lib.Xsqlite3_bind_null(t, stmt, i))
	case symColumnInt64:
		return uintptr(lib.Xsqlite3_column_int64(t, stmt, i))
	case symColumnType:
		return uintptr(lib.Xsqlite3_column_type(t, stmt, i))
	case symColumnBlob:
		return lib.Xsqlite3_column_blob(t, stmt, i)
	case symColumnBytes:
		return uintptr(lib.Xsqlite3_column_bytes(t, stmt, i))
	}
	return 0
}
