package grpcwire

import (
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// headerDecoder turns header blocks into lists and holds the limits on both.
type headerDecoder struct {
	hp     *hpack.Decoder
	limit  int
	size   int
	status string
	list   []Header
	bad    error
}

func newHeaderDecoder(limit int) *headerDecoder {
	d := &headerDecoder{limit: limit}
	d.hp = hpack.NewDecoder(headerTable, d.field)
	d.hp.SetMaxStringLength(limit)
	return d
}

// decode returns :status ("" if there was none) and the fields, -bin ones decoded.
func (d *headerDecoder) decode(block []byte) (string, []Header, error) {
	d.size, d.status, d.list, d.bad = 0, "", nil, nil
	d.hp.SetEmitEnabled(true)
	_, err := d.hp.Write(block)
	if err == nil {
		err = d.hp.Close()
	}
	if d.bad != nil {
		return "", nil, d.bad
	}
	if err != nil {
		return "", nil, fault(codeCompression, "decoding headers: "+err.Error())
	}
	return d.status, d.list, nil
}

// field takes one field. After a fault it stops the emitting: a few bytes can
// name thousands of table entries.
func (d *headerDecoder) field(f hpack.HeaderField) {
	d.size += int(f.Size())
	switch {
	case d.size > d.limit:
		d.bad = fault(codeCalm, "header list over %d bytes", d.limit)
	case f.Name == ":status" && d.status == "" && len(d.list) == 0 && f.Value != "":
		d.status = f.Value
		return
	case !validName(f.Name) || !validValue(f.Value) || hopByHop(f.Name) && f.Name != "content-type" && f.Name != "user-agent":
		d.bad = fault(codeProtocol, "malformed header field "+strconv.Quote(f.Name))
	default:
		if isBinary(f.Name) {
			v, ok := decode64(strings.TrimRight(f.Value, "="))
			if !ok {
				d.bad = fault(codeProtocol, "header "+strconv.Quote(f.Name)+" is not base64")
			}
			f.Value = v
		}
		d.list = append(d.list, Header{f.Name, f.Value})
	}
	if d.bad != nil {
		d.hp.SetEmitEnabled(false)
	}
}
