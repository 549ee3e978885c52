package wsman

import (
	"bytes"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// utf8Page is the code page of clients that want every letter.
const utf8Page = "65001"

// inCodepage writes UTF-8 in the code page that the client asked for at Create:
// UTF-8, or that of an English Windows, 437, which stands for all others. It
// has no letter for most of what people write, and a '?' instead.
func inCodepage(codepage string, w io.Writer) io.WriteCloser {
	if codepage == utf8Page {
		return unclosed{w}
	}
	return transform.NewWriter(questionMarks{w}, encoding.ReplaceUnsupported(charmap.CodePage437.NewEncoder()))
}

// questionMarks stand for what has no letter; package charmap has 0x1a.
type questionMarks struct{ io.Writer }

func (q questionMarks) Write(p []byte) (int, error) {
	return q.Writer.Write(bytes.ReplaceAll(p, []byte{0x1a}, []byte{'?'}))
}

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
