// Package say is the agent's log and its JSON writer. log/slog costs the agent
// 276 KB and encoding/json 238 KB (measured 2026-11-21); this package costs
// 19 KB (2026-11-22).
//
// An event is one line and one Write: time (UTC, milliseconds), level, message,
// then key=value in the order given. In text form a value with a space, a quote,
// an equals sign or anything unprintable is quoted as in Go, so nothing a
// stranger supplies can end a line or start a key. In JSON form the line is one
// object with the keys time, level and msg first.
//
// Messages are constant, keys snake_case. Values are string, int, int64, uint64,
// uint32, bool, error, time.Duration, time.Time, []byte (hex), a type with
// String, or nil; anything else prints as !unsupported. Strings are cut at 4,096
// bytes. A Secret prints as ***.
package say

import (
	"encoding/hex"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// maxValue bounds a string in a line.
const maxValue = 4096

// timeLayout is RFC 3339 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Logger writes events. It is safe for use by several goroutines.
type Logger struct {
	out   *output
	level Level
	json  bool
	with  []byte // encoded pairs of With
}

// output is shared by a logger and what With made from it.
type output struct {
	mu  sync.Mutex
	w   io.Writer
	buf []byte
}

// New makes a logger of text lines that drops events below level.
func New(w io.Writer, level Level) *Logger { return &Logger{out: &output{w: w}, level: level} }

// NewJSON makes a logger of JSON lines.
func NewJSON(w io.Writer, level Level) *Logger {
	l := New(w, level)
	l.json = true
	return l
}

// Discard makes a logger that writes nothing.
func Discard() *Logger { return New(io.Discard, LevelError+1) }

// With makes a logger that adds the pairs to every event.
func (l *Logger) With(kv ...any) *Logger {
	narrow := *l
	narrow.with = l.appendPairs(append([]byte(nil), l.with...), kv)
	return &narrow
}

// Debug writes an event for developers.
func (l *Logger) Debug(msg string, kv ...any) { l.log(LevelDebug, msg, kv) }

// Info writes an event of normal work.
func (l *Logger) Info(msg string, kv ...any) { l.log(LevelInfo, msg, kv) }

// Warn writes an event that someone should know of.
func (l *Logger) Warn(msg string, kv ...any) { l.log(LevelWarn, msg, kv) }

// Error writes an event that someone must act on.
func (l *Logger) Error(msg string, kv ...any) { l.log(LevelError, msg, kv) }

// Enabled tells whether events of the level are written.
func (l *Logger) Enabled(level Level) bool { return level >= l.level }

func (l *Logger) log(level Level, msg string, kv []any) {
	if level < l.level {
		return
	}
	now := time.Now().UTC().Format(timeLayout)
	l.out.mu.Lock()
	b := l.out.buf[:0]
	if l.json {
		b = append(b, `{"time":"`+now+`","level":"`+level.String()+`","msg":`...)
		b = AppendString(b, cut(msg))
	} else {
		b = append(b, now+" "+level.String()+" "...)
		b = appendMessage(b, cut(msg))
	}
	b = append(b, l.with...)
	b = l.appendPairs(b, kv)
	if l.json {
		b = append(b, '}')
	}
	b = append(b, '\n')
	_, _ = l.out.w.Write(b) // a log that cannot be written has nowhere to say so
	if l.out.buf = b; cap(b) > 64<<10 {
		l.out.buf = nil
	}
	l.out.mu.Unlock()
}

func (l *Logger) appendPairs(b []byte, kv []any) []byte {
	for i := 0; i < len(kv); i += 2 {
		key, ok := kv[i].(string)
		if !ok {
			key = "bad_key"
		}
		var value any = "!missing"
		if i+1 < len(kv) {
			value = kv[i+1]
		}
		if l.json {
			b = append(b, ',', '"')
			b = appendKey(b, key)
			b = append(b, '"', ':')
			b = appendJSONValue(b, value)
			continue
		}
		b = append(b, ' ')
		b = appendKey(b, key)
		b = append(b, '=')
		b = appendTextValue(b, value)
	}
	return b
}

// appendKey writes a key with everything but letters, digits, '_', '-' and '.'
// replaced; the three names of the line itself get a '_'.
func appendKey(b []byte, key string) []byte {
	if key == "" {
		return append(b, '_')
	}
	for i := range len(key) {
		c := key[i]
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
				c = '_'
			}
		}
		b = append(b, c)
	}
	if key == "time" || key == "level" || key == "msg" {
		b = append(b, '_')
	}
	return b
}

func appendJSONValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint32:
		return strconv.AppendUint(b, uint64(v), 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	}
	return AppendString(b, text(value))
}

func appendTextValue(b []byte, value any) []byte {
	switch value.(type) {
	case int, int64, uint32, uint64, bool:
		return appendJSONValue(b, value)
	}
	s := text(value)
	if s == "" || !plain(s, false) {
		return strconv.AppendQuote(b, s)
	}
	return append(b, s...)
}

// text is a value that is no number as a string. A typed nil behind error or
// String must not end the agent.
func text(value any) (s string) {
	defer func() {
		if recover() != nil {
			s = "!nil"
		}
	}()
	switch v := value.(type) {
	case nil:
		return "nil"
	case string:
		return cut(v)
	case error:
		return cut(v.Error())
	case time.Duration:
		return v.String()
	case time.Time:
		return v.UTC().Format(timeLayout)
	case []byte:
		return hex.EncodeToString(v[:min(len(v), maxValue/2)])
	case interface{ String() string }:
		return cut(v.String())
	}
	return "!unsupported"
}

func appendMessage(b []byte, msg string) []byte {
	if msg == "" || !plain(msg, true) {
		return strconv.AppendQuote(b, msg)
	}
	return append(b, msg...)
}

// plain tells whether s can stand without quotes.
func plain(s string, spaces bool) bool {
	for _, r := range s {
		if r == '=' || r == '"' || r == '\\' || r == utf8.RuneError || r == ' ' && !spaces || !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}

func cut(s string) string {
	if len(s) > maxValue {
		return s[:maxValue] + "..."
	}
	return s
}
